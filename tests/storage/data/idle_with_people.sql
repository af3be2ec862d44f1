BEGIN TRANSACTION;
CREATE TABLE admitted_chats (
	chat_id BIGINT NOT NULL, 
	admitted_by VARCHAR(64) NOT NULL, 
	admitted_at DATETIME NOT NULL, 
	PRIMARY KEY (chat_id)
);
INSERT INTO "admitted_chats" VALUES(-4200000001,'user:5100000005','2027-01-15 08:10:00.000000');
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
INSERT INTO "awaited_topics" VALUES('user:5100000005',-4200000001,100000605,'2027-01-15 08:10:00.000000');
INSERT INTO "awaited_topics" VALUES('user:5100000003',-4200000001,100000609,'2027-01-15 08:10:00.000000');
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
INSERT INTO "jobs" VALUES(1,'user:5100000002',-4200000001,NULL,100000603,0,'El faro','{"words": 500, "style": "poema", "temperature": 0.7, "top_p": 0.95, "top_k": 50, "repetition_penalty": 1.0, "seed": null, "chunk_units": 4096, "live_preview": true, "candidates": 1, "language": "es"}',NULL,2402655003,'delivered',100000606,'El faro. El mar trae palabras nuevas cada día número 0. El mar trae palabras nuevas cada día número 1. El mar trae palabras nuevas cada día número 2. El mar trae palabras nuevas cada día número 3. El mar trae palabras nuevas cada día número 4. El mar trae palabras nuevas cada día número 5. El mar trae palabras nuevas cada día número 6. El mar trae palabras nuevas cada día número 7. El mar trae palabras nuevas cada día número 8. El mar trae palabras nuevas cada día número 9. El mar trae palabras nuevas cada día número 10. El mar trae palabras nuevas cada día número 11. El mar trae palabras nuevas cada día número 12. El mar trae palabras nuevas cada día número 13. El mar trae palabras nuevas cada día número 14. El mar trae palabras nuevas cada día número 15. El mar trae palabras nuevas cada día número 16. El mar trae palabras nuevas cada día número 17. El mar trae palabras nuevas cada día número 18. El mar trae palabras nuevas cada día número 19. El mar trae palabras nuevas cada día número 20. El mar trae palabras nuevas cada día número 21. El mar trae palabras nuevas cada día número 22. El mar trae palabras nuevas cada día número 23. El mar trae palabras nuevas cada día número 24. El mar trae palabras nuevas cada día número 25. El mar trae palabras nuevas cada día número 26. El mar trae palabras nuevas cada día número 27. El mar trae palabras nuevas cada día número 28. El mar trae palabras nuevas cada día número 29. El mar trae palabras nuevas cada día número 30. El mar trae palabras nuevas cada día número 31. El mar trae palabras nuevas cada día número 32. El mar trae palabras nuevas cada día número 33. El mar trae palabras nuevas cada día número 34. El mar trae palabras nuevas cada día número 35. El mar trae palabras nuevas cada día número 36. El mar trae palabras nuevas cada día número 37. El mar trae palabras nuevas cada día número 38. El mar trae palabras nuevas cada día número 39. El mar trae palabras nuevas cada día número 40. El mar trae palabras nuevas cada día número 41. El mar trae palabras nuevas cada día número 42. El mar trae palabras nuevas cada día número 43. El mar trae palabras nuevas cada día número 44. El mar trae palabras nuevas cada día número 45. El mar trae palabras nuevas cada día número 46. El mar trae palabras nuevas cada día número 47. El mar trae palabras nuevas cada día número 48. El mar trae palabras nuevas cada día número 49. El mar trae palabras nuevas cada día número 50. El mar trae palabras nuevas cada día número 51. El mar trae palabras nuevas cada día número 52.',1,NULL,'2027-01-15 08:10:00.000000','2027-01-15 08:10:00.000000');
CREATE TABLE owner (
	id INTEGER NOT NULL, 
	code VARCHAR(64), 
	person VARCHAR(64), 
	PRIMARY KEY (id)
);
INSERT INTO "owner" VALUES(1,NULL,'user:5100000005');
CREATE TABLE people (
	person VARCHAR(64) NOT NULL, 
	preferences JSON NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (person)
);
INSERT INTO "people" VALUES('user:5100000002','{"words": 500, "style": "poema", "temperature": 0.7, "top_p": 0.95, "top_k": 50, "repetition_penalty": 1.0, "seed": null, "chunk_units": 4096, "live_preview": true, "candidates": 1, "language": "es"}','2027-01-15 08:10:00.000000');
CREATE TABLE updates (
	update_id BIGINT NOT NULL, 
	payload TEXT, 
	received_at DATETIME NOT NULL, 
	PRIMARY KEY (update_id)
);
INSERT INTO "updates" VALUES(905,'{"update_id": 905, "message": {"message_id": 100000610, "date": 1800000000, "chat": {"id": -4200000001, "type": "group", "title": "Clase"}, "from": {"id": 5100000002, "is_bot": false, "first_name": "Persona 5100000002", "language_code": "es"}, "text": "/redactar El tren", "entities": [{"type": "bot_command", "offset": 0, "length": 9}]}}','2027-01-15 08:10:00.000000');
INSERT INTO "updates" VALUES(906,NULL,'2027-01-15 08:10:00.000000');
CREATE INDEX jobs_by_person ON jobs (person, id);
CREATE INDEX jobs_by_request ON jobs (chat_id, message_id);
CREATE INDEX jobs_by_state ON jobs (state);
COMMIT;
