-- What there are roll-ups by.
CREATE TABLE dimensions (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE                -- ip, country, asn, protocol, port, interface
);

-- The order of the primary key makes any time of one dimension and step one scan.

-- What each key of a dimension took part in, by the minute, hour and day. There are millions
-- of these rows, so a dimension is a number and a time is in seconds since the Unix epoch.
CREATE TABLE rollups (
    dimension         INTEGER NOT NULL,         -- dimensions.id
    step              INTEGER NOT NULL,         -- seconds: 60, 3600 or 86400
    time              INTEGER NOT NULL,         -- the step's beginning, in seconds
    key               TEXT    NOT NULL,         -- an address, CN, AS64500, tcp, 443/tcp, observation_points.id; other: the rest
    local             INTEGER NOT NULL,         -- 1 for an address at home: those stay when there is no room for all
    bytes_sent        INTEGER NOT NULL,         -- wire bytes that the key's end sent
    bytes_received    INTEGER NOT NULL,
    packets_sent      INTEGER NOT NULL,
    packets_received  INTEGER NOT NULL,
    total_retransmits INTEGER NOT NULL,         -- TCP segments, both ways
    session_count     INTEGER NOT NULL,         -- sessions that began
    total_bytes       INTEGER GENERATED ALWAYS AS (bytes_sent + bytes_received) VIRTUAL,
    total_packets     INTEGER GENERATED ALWAYS AS (packets_sent + packets_received) VIRTUAL,
    PRIMARY KEY (dimension, step, time, key)
) WITHOUT ROWID;

-- The display names of keys that have another one.
CREATE TABLE rollup_names (
    dimension INTEGER NOT NULL,
    key       TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    folded    TEXT    NOT NULL,                 -- the name in lower case, to be searched
    used      INTEGER NOT NULL,                 -- the latest day with the key, in seconds
    PRIMARY KEY (dimension, key)
) WITHOUT ROWID;

-- Roll-ups, with times as text and the names of dimensions and keys.
CREATE VIEW rollups_readable AS
SELECT d.name AS dimension, r.step, datetime(r.time, 'unixepoch') AS time, r.key,
       coalesce(n.name, p.name, '') AS name, r.local, r.bytes_sent, r.bytes_received, r.total_bytes,
       r.packets_sent, r.packets_received, r.total_packets, r.total_retransmits, r.session_count
FROM rollups r JOIN dimensions d ON d.id = r.dimension
LEFT JOIN rollup_names n ON n.dimension = r.dimension AND n.key = r.key
LEFT JOIN observation_points p ON d.name = 'interface' AND p.id = CAST(r.key AS INTEGER);

-- Days of the traffic, from the hours that are there.
INSERT INTO traffic_history
SELECT 86400, time - ((time % 86400000000000) + 86400000000000) % 86400000000000 AS day,
       sum(bytes_in), sum(bytes_out), sum(bytes_other), sum(packets_in), sum(packets_out), sum(packets_other),
       sum(new_sessions), max(active_sessions), sum(offered_packets), sum(offered_bytes), sum(refused_packets), sum(refused_bytes),
       sum(dropped_packets), sum(truncated_packets), sum(retransmits), point, sum(observed),
       sum(duplicate_packets), sum(duplicate_bytes), sum(offloaded_packets),
       sum(kernel_packets), sum(kernel_bytes), sum(kernel_missed), sum(kernel_dropped)
FROM traffic_history WHERE step = 3600 GROUP BY day, point;
