-- A journal as version 1 wrote it: one run whose only file was sealed and not answered.
PRAGMA application_id = 1263422001;
CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    finished_ms INTEGER,
    policy TEXT NOT NULL
) STRICT;
CREATE TABLE steps (
    run TEXT NOT NULL REFERENCES runs (id),
    step INTEGER NOT NULL,
    position INTEGER NOT NULL,
    trigger_name TEXT NOT NULL,
    file_name TEXT NOT NULL,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    expected_sha256 TEXT,
    sha256 TEXT,
    outcome TEXT NOT NULL,
    job_id TEXT,
    accepted INTEGER,
    unchanged_of TEXT,
    PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX steps_of_trigger ON steps (trigger_name, run);
CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL REFERENCES runs (id),
    seq INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    step INTEGER NOT NULL,
    fact TEXT NOT NULL,
    actor TEXT,
    UNIQUE (run, seq)
) STRICT;
CREATE TABLE locks (
    tenant TEXT NOT NULL,
    trigger_name TEXT NOT NULL,
    pid INTEGER NOT NULL,
    host TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    run TEXT NOT NULL,
    PRIMARY KEY (tenant, trigger_name)
) STRICT, WITHOUT ROWID;
INSERT INTO runs VALUES (1, '20240601-084522-k3f7', 'https://acme.knosc.com', 'upload', 1717231522123, NULL,
    '{"poll_interval_min_ms":1000,"poll_interval_max_ms":30000,"queued_max_ms":14400000,"running_max_ms":7200000,"allow_repeated_trigger":false}');
INSERT INTO steps VALUES ('20240601-084522-k3f7', 0, 0, 'item-master', 'items.csv', '/exports/items.csv', 519,
    1717231000000000000, 42, NULL,
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'unknown', NULL, NULL, NULL);
INSERT INTO events VALUES (1, '20240601-084522-k3f7', 0, 1717231522130, 0,
    '{"v":1,"fact":{"upload-started":{"trigger":"item-master","name":"items.csv","size":519,"sha256":null,"seal_follows":true}}}', NULL);
INSERT INTO events VALUES (2, '20240601-084522-k3f7', 1, 1717231522140, 0, '{"v":1,"fact":{"upload-sealed":60}}', NULL);
PRAGMA user_version = 1;
