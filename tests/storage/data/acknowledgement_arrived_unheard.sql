BEGIN TRANSACTION;
CREATE TABLE admitted_chats (
	chat_id BIGINT NOT NULL, 
	admitted_by VARCHAR(64) NOT NULL, 
	admitted_at DATETIME NOT NULL, 
	PRIMARY KEY (chat_id)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE awaited_topics (
	person VARCHAR(64) NOT NULL, 
	chat_id BIGINT NOT NULL, 
	prompt_message_id BIGINT, 
	asked_at DATETIME NOT NULL, 
	PRIMARY KEY (person, chat_id)
);
CREATE TABLE jobs (
	id INTEGER NOT NULL, 
	person VARCHAR(64) NOT NULL, 
	chat_id BIGINT NOT NULL, 
	thread_id BIGINT, 
	message_id BIGINT NOT NULL, 
	is_private BOOLEAN NOT NULL, 
	topic TEXT NOT NULL, 
	preferences JSON NOT NULL, 
	continued_from BIGINT, 
	seed BIGINT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	placeholder_id BIGINT, 
	text TEXT NOT NULL, 
	delivered_chunks INTEGER NOT NULL, 
	sending_after BIGINT, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "jobs" VALUES(1,'user:5100000001',-4200000001,NULL,100000601,0,'El faro','{"words": 250, "style": "ensayo", "temperature": 0.7, "top_p": 0.95, "top_k": 50, "repetition_penalty": 1.0, "seed": null, "chunk_units": 4096, "live_preview": true, "candidates": 1, "language": "es"}',NULL,3246339938,'running',NULL,'',0,100000601,'2027-01-15 08:10:00.000000','2027-01-15 08:10:00.000000');
CREATE TABLE owner (
	id INTEGER NOT NULL, 
	code VARCHAR(64), 
	person VARCHAR(64), 
	PRIMARY KEY (id)
);
CREATE TABLE people (
	person VARCHAR(64) NOT NULL, 
	preferences JSON NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (person)
);
CREATE TABLE updates (
	update_id BIGINT NOT NULL, 
	payload TEXT, 
	received_at DATETIME NOT NULL, 
	PRIMARY KEY (update_id)
);
CREATE INDEX jobs_by_person ON jobs (person, id);
CREATE INDEX jobs_by_request ON jobs (chat_id, message_id);
CREATE INDEX jobs_by_state ON jobs (state);
COMMIT;
