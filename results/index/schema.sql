-- All tables are made anew when the version changes.
DROP TABLE IF EXISTS frames;
DROP TABLE IF EXISTS sightings;
DROP TABLE IF EXISTS stacks;
DROP TABLE IF EXISTS trials;
DROP TABLE IF EXISTS arms;
DROP TABLE IF EXISTS runs;

CREATE TABLE runs (
	id       INTEGER PRIMARY KEY,
	name     TEXT NOT NULL UNIQUE,
	stamp    TEXT NOT NULL, -- of manifest.json
	scenario TEXT NOT NULL,
	started  INTEGER NOT NULL, -- Unix time, 0 if not known
	outcome  TEXT NOT NULL,
	problem  TEXT NOT NULL -- why it could not be read whole
);
CREATE INDEX runs_by_scenario ON runs (scenario, started);

CREATE TABLE arms (
	run          INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	place        INTEGER NOT NULL, -- in the manifest
	name         TEXT NOT NULL,
	kernel       TEXT NOT NULL,
	version      TEXT NOT NULL,
	hash         TEXT NOT NULL,
	control      INTEGER NOT NULL,
	no_fault     INTEGER NOT NULL,
	clean        INTEGER NOT NULL,
	hang         INTEGER NOT NULL,
	stall        INTEGER NOT NULL,
	crash        INTEGER NOT NULL,
	inconclusive INTEGER NOT NULL,
	error        INTEGER NOT NULL,
	PRIMARY KEY (run, place)
) WITHOUT ROWID;
CREATE INDEX arms_by_kernel ON arms (kernel, run);

CREATE TABLE trials (
	run       INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	n         INTEGER NOT NULL,
	stamp     TEXT NOT NULL, -- of verdict.json
	arm       TEXT NOT NULL,
	verdict   TEXT NOT NULL, -- '' if it cannot be read
	signature TEXT NOT NULL,
	problem   TEXT NOT NULL,
	PRIMARY KEY (run, n)
) WITHOUT ROWID;

-- Reports of hangs, each stack once.
CREATE TABLE stacks (
	id        INTEGER PRIMARY KEY,
	hash      BLOB NOT NULL UNIQUE,
	signature TEXT NOT NULL,
	title     TEXT NOT NULL,
	report    TEXT NOT NULL, -- JSON
	seen      INTEGER NOT NULL DEFAULT 0 -- sightings: counting a million takes too long
);
CREATE INDEX stacks_by_signature ON stacks (signature);
CREATE INDEX stacks_unseen ON stacks (id) WHERE seen = 0;

CREATE TABLE sightings (
	stack    INTEGER NOT NULL REFERENCES stacks,
	run      INTEGER NOT NULL,
	n        INTEGER NOT NULL,
	detector TEXT NOT NULL,
	PRIMARY KEY (stack, run, n, detector),
	FOREIGN KEY (run, n) REFERENCES trials ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX sightings_by_trial ON sightings (run, n);
CREATE TRIGGER sighted AFTER INSERT ON sightings BEGIN UPDATE stacks SET seen = seen + 1 WHERE id = NEW.stack; END;
CREATE TRIGGER unsighted AFTER DELETE ON sightings BEGIN UPDATE stacks SET seen = seen - 1 WHERE id = OLD.stack; END;

CREATE TABLE frames (
	func  TEXT NOT NULL,
	stack INTEGER NOT NULL REFERENCES stacks ON DELETE CASCADE,
	PRIMARY KEY (func, stack)
) WITHOUT ROWID;
