"""One database: updates received, jobs with their essays, what is owed to chats, people.

Every change is part of a step (:meth:`Database.step`): a handful of functions of these modules,
called with the step's transaction, which become true together.
"""
