-- A journal as version 4 wrote it: two runs that loaded one trigger of this machine's Knosc under two of its names.
PRAGMA application_id = 1263422001;
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
CREATE TABLE loaded (
        tenant TEXT NOT NULL,
        trigger_name TEXT NOT NULL,
        run TEXT NOT NULL REFERENCES runs (id),
        step INTEGER NOT NULL,
        accepted INTEGER NOT NULL,
        refreshed INTEGER NOT NULL,
        is_disordered INTEGER NOT NULL,
        key TEXT NOT NULL,
        rows INTEGER NOT NULL,
        keys BLOB NOT NULL,
        PRIMARY KEY (tenant, trigger_name)
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
CREATE TABLE row_errors (
        run TEXT NOT NULL REFERENCES runs (id),
        step INTEGER NOT NULL,
        position INTEGER NOT NULL,
        row_number INTEGER,
        message TEXT NOT NULL,
        PRIMARY KEY (run, step, position)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        tenant TEXT NOT NULL,
        kind TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        finished_ms INTEGER,
        policy TEXT NOT NULL
    ) STRICT;
CREATE TABLE step_keys (
        run TEXT NOT NULL REFERENCES runs (id),
        step INTEGER NOT NULL,
        refreshes INTEGER NOT NULL,
        key TEXT NOT NULL,
        rows INTEGER NOT NULL,
        removed_rows INTEGER NOT NULL,
        present BLOB NOT NULL,
        removed BLOB NOT NULL,
        PRIMARY KEY (run, step)
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
        expected_digest TEXT,
        digest TEXT,
        outcome TEXT NOT NULL,
        job_id TEXT,
        accepted INTEGER,
        unchanged_of TEXT,
        PRIMARY KEY (run, step)
    ) STRICT, WITHOUT ROWID;
CREATE INDEX steps_of_trigger ON steps (trigger_name, run);
INSERT INTO "runs" VALUES(1,'20261126-180951-0rrc','http://127.0.0.1:8080','upload',1795716591624,1795716591704,'{"poll_interval_min_ms":50,"poll_interval_max_ms":1000,"queued_max_ms":14400000,"running_max_ms":7200000,"allow_repeated_trigger":false}');
INSERT INTO "runs" VALUES(2,'20261127-180951-0rrd','http://localhost:8080','upload',1795802991624,1795802991704,'{"poll_interval_min_ms":50,"poll_interval_max_ms":1000,"queued_max_ms":14400000,"running_max_ms":7200000,"allow_repeated_trigger":false}');
INSERT INTO "steps" VALUES('20261126-180951-0rrc',0,0,'demand','orders.csv','/exports/orders.csv',74,1795716591122726384,10052530,NULL,'4b8f055e02742ca85238c229b7b3bd4a','completed','demand-upload-hnni01',3,NULL);
INSERT INTO "steps" VALUES('20261127-180951-0rrd',0,0,'demand','orders.csv','/exports/orders.csv',75,1795802991122726384,10052530,NULL,'4b8f055e02742ca85238c229b7b3bd4b','completed','demand-upload-hnni02',7,NULL);
INSERT INTO "events" VALUES(1,'20261126-180951-0rrc',0,1795716591640,0,'{"v":1,"fact":{"upload-started":{"trigger":"demand","name":"orders.csv","size":74,"sha256":null,"seal_follows":true}}}',NULL);
INSERT INTO "events" VALUES(2,'20261126-180951-0rrc',1,1795716591647,0,'{"v":1,"fact":{"upload-sealed":46}}',NULL);
INSERT INTO "events" VALUES(3,'20261126-180951-0rrc',2,1795716591651,0,'{"v":1,"fact":{"upload-accepted":{"trigger":"demand","job_id":"demand-upload-hnni01"}}}',NULL);
INSERT INTO "events" VALUES(4,'20261126-180951-0rrc',3,1795716591704,0,'{"v":1,"fact":{"job-observed":{"job":{"trigger":"demand","job_id":"demand-upload-hnni01"},"status":"completed","rows_processed":2,"errors_omitted":0,"errors_cut":false,"completed_at":"2026-11-26T18:09:51Z"}}}',NULL);
INSERT INTO "events" VALUES(5,'20261127-180951-0rrd',0,1795802991640,0,'{"v":1,"fact":{"upload-started":{"trigger":"demand","name":"orders.csv","size":74,"sha256":null,"seal_follows":true}}}',NULL);
INSERT INTO "events" VALUES(6,'20261127-180951-0rrd',1,1795802991641,0,'{"v":1,"fact":{"upload-sealed":46}}',NULL);
INSERT INTO "events" VALUES(7,'20261127-180951-0rrd',2,1795802991642,0,'{"v":1,"fact":{"upload-accepted":{"trigger":"demand","job_id":"demand-upload-hnni02"}}}',NULL);
INSERT INTO "events" VALUES(8,'20261127-180951-0rrd',3,1795802991643,0,'{"v":1,"fact":{"job-observed":{"job":{"trigger":"demand","job_id":"demand-upload-hnni02"},"status":"completed","rows_processed":2,"errors_omitted":0,"errors_cut":false,"completed_at":"2026-11-26T18:09:51Z"}}}',NULL);
INSERT INTO "locks" VALUES('http://127.0.0.1:8080','demand',4711,'elsewhere',5,'20261126-180951-0rrc');
INSERT INTO "locks" VALUES('http://localhost:8080','demand',4711,'elsewhere',5,'20261127-180951-0rrd');
INSERT INTO "loaded" VALUES('http://127.0.0.1:8080','demand','20261126-180951-0rrc',0,3,3,0,'[]',2,X'');
INSERT INTO "loaded" VALUES('http://localhost:8080','demand','20261127-180951-0rrd',0,7,7,0,'[]',5,X'');
PRAGMA user_version = 4;
