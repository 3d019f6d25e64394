-- Times are nanoseconds since the Unix epoch. The views *_readable show them as text, in UTC.
-- A *_key column orders addresses as numbers: one byte 4 or 6, then the address.

-- What is searched for comes first: SQLite reads a row from its front.
CREATE TABLE sessions (
    id                     INTEGER PRIMARY KEY, -- rises with the start time
    last_seen              INTEGER NOT NULL,
    start_time             INTEGER NOT NULL,
    end_reason             INTEGER NOT NULL,    -- IPFIX IE 136; 0 while it lives
    src_key                BLOB    NOT NULL,
    dst_key                BLOB    NOT NULL,
    protocol               INTEGER NOT NULL,    -- IP protocol number
    src_port               INTEGER NOT NULL,
    dst_port               INTEGER NOT NULL,
    bytes_sent             INTEGER NOT NULL,    -- wire bytes; sent: initiator to responder
    bytes_received         INTEGER NOT NULL,
    packets_sent           INTEGER NOT NULL,
    packets_received       INTEGER NOT NULL,
    state                  TEXT    NOT NULL,
    direction              TEXT    NOT NULL,
    protocol_name          TEXT    NOT NULL,
    src_ip                 TEXT    NOT NULL,    -- the initiator
    dst_ip                 TEXT    NOT NULL,    -- the responder
    ip_bytes_sent          INTEGER NOT NULL,
    ip_bytes_received      INTEGER NOT NULL,
    payload_bytes_sent     INTEGER NOT NULL,
    payload_bytes_received INTEGER NOT NULL,
    tcp_flags_sent         INTEGER NOT NULL,
    tcp_flags_received     INTEGER NOT NULL,
    icmp_type              INTEGER NOT NULL,
    icmp_code              INTEGER NOT NULL,
    icmp_ports             INTEGER NOT NULL,    -- the flow key's two port fields, for ICMP
    vlan                   INTEGER NOT NULL,
    inner_vlan             INTEGER NOT NULL,
    point                  INTEGER NOT NULL,    -- observation_points.id
    rtt_client             INTEGER NOT NULL,    -- of the TCP handshake, in nanoseconds; 0 if not measured
    rtt_server             INTEGER NOT NULL,
    -- Defaults are for sessions in which nothing of this happened.
    retransmits_sent             INTEGER NOT NULL DEFAULT 0,     -- TCP segments
    retransmits_received         INTEGER NOT NULL DEFAULT 0,
    retransmitted_bytes_sent     INTEGER NOT NULL DEFAULT 0,     -- payload bytes
    retransmitted_bytes_received INTEGER NOT NULL DEFAULT 0,
    out_of_order_sent            INTEGER NOT NULL DEFAULT 0,
    out_of_order_received        INTEGER NOT NULL DEFAULT 0,
    zero_windows_sent            INTEGER NOT NULL DEFAULT 0,
    zero_windows_received        INTEGER NOT NULL DEFAULT 0,
    resets_sent                  INTEGER NOT NULL DEFAULT 0,
    resets_received              INTEGER NOT NULL DEFAULT 0,
    offloaded_packets_sent       INTEGER NOT NULL DEFAULT 0,     -- an estimate: so many more were on the wire
    offloaded_packets_received   INTEGER NOT NULL DEFAULT 0,
    tunnel                       TEXT    NOT NULL DEFAULT '',    -- from the outside in: vxlan, gtp-u/teredo; '' if none
    tunnel_src_ip                TEXT    NOT NULL DEFAULT '',    -- the outermost tunnel's ends; '' if it has no addresses
    tunnel_dst_ip                TEXT    NOT NULL DEFAULT '',
    tunnel_id                    INTEGER NOT NULL DEFAULT 0,     -- VNI, TEID, key or session; 0 if none
    also_points                  TEXT    NOT NULL DEFAULT '',    -- further observation_points.id that saw it: ,2,5,
    carried                      INTEGER NOT NULL DEFAULT 0,     -- 1: in no total, because the tunnel that it came in is
    duration               INTEGER GENERATED ALWAYS AS (last_seen - start_time) VIRTUAL,
    total_bytes            INTEGER GENERATED ALWAYS AS (bytes_sent + bytes_received) VIRTUAL,
    total_packets          INTEGER GENERATED ALWAYS AS (packets_sent + packets_received) VIRTUAL,
    total_ip_bytes         INTEGER GENERATED ALWAYS AS (ip_bytes_sent + ip_bytes_received) VIRTUAL,
    total_payload_bytes    INTEGER GENERATED ALWAYS AS (payload_bytes_sent + payload_bytes_received) VIRTUAL,
    total_retransmits      INTEGER GENERATED ALWAYS AS (retransmits_sent + retransmits_received) VIRTUAL,
    rtt_ms                 REAL GENERATED ALWAYS AS ((nullif(rtt_client, 0) + nullif(rtt_server, 0)) / 1e6) VIRTUAL, -- null if not measured
    rtt_client_ms          REAL GENERATED ALWAYS AS (nullif(rtt_client, 0) / 1e6) VIRTUAL,
    rtt_server_ms          REAL GENERATED ALWAYS AS (nullif(rtt_server, 0) / 1e6) VIRTUAL,
    wire_packets_sent      INTEGER GENERATED ALWAYS AS (packets_sent + offloaded_packets_sent) VIRTUAL, -- an estimate
    wire_packets_received  INTEGER GENERATED ALWAYS AS (packets_received + offloaded_packets_received) VIRTUAL
);
-- Ended sessions enter the index once, nearly in order; living ones, rewritten
-- every minute, stay out of it.
CREATE INDEX sessions_ended ON sessions (last_seen) WHERE end_reason > 0;
CREATE INDEX sessions_living ON sessions (id) WHERE end_reason = 0;

-- The key comes first because SQLite before 3.41 takes such a table for damaged otherwise.

-- What each IP took part in since it was first seen. Sent is what came from it.
CREATE TABLE ip_statistics (
    ip_key                 BLOB    NOT NULL PRIMARY KEY, -- orders IPs as numbers
    ip                     TEXT    NOT NULL,
    bytes_sent             INTEGER NOT NULL,    -- wire bytes
    bytes_received         INTEGER NOT NULL,
    total_bytes            INTEGER GENERATED ALWAYS AS (bytes_sent + bytes_received) VIRTUAL,
    total_ip_bytes         INTEGER GENERATED ALWAYS AS (ip_bytes_sent + ip_bytes_received) VIRTUAL,
    total_payload_bytes    INTEGER GENERATED ALWAYS AS (payload_bytes_sent + payload_bytes_received) VIRTUAL,
    packets_sent           INTEGER NOT NULL,
    packets_received       INTEGER NOT NULL,
    total_packets          INTEGER GENERATED ALWAYS AS (packets_sent + packets_received) VIRTUAL,
    ip_bytes_sent          INTEGER NOT NULL,
    ip_bytes_received      INTEGER NOT NULL,
    payload_bytes_sent     INTEGER NOT NULL,
    payload_bytes_received INTEGER NOT NULL,
    retransmits_sent       INTEGER NOT NULL,    -- segments
    retransmits_received   INTEGER NOT NULL,
    total_retransmits      INTEGER GENERATED ALWAYS AS (retransmits_sent + retransmits_received) VIRTUAL,
    session_count          INTEGER NOT NULL,    -- sessions that began
    first_seen             INTEGER NOT NULL,
    last_seen              INTEGER NOT NULL,
    local                  INTEGER NOT NULL     -- 1 at home
) WITHOUT ROWID;

-- Traffic by the second, minute, hour and day: of each observation point, and of all of them.
CREATE TABLE traffic_history (
    step              INTEGER NOT NULL,         -- seconds: 1, 60, 3600 or 86400
    time              INTEGER NOT NULL,         -- the step's beginning
    bytes_in          INTEGER NOT NULL,         -- toward home
    bytes_out         INTEGER NOT NULL,         -- from home
    bytes_other       INTEGER NOT NULL,
    packets_in        INTEGER NOT NULL,
    packets_out       INTEGER NOT NULL,
    packets_other     INTEGER NOT NULL,
    new_sessions      INTEGER NOT NULL,         -- that began in the step
    active_sessions   INTEGER NOT NULL,         -- the most within the step
    offered_packets   INTEGER NOT NULL,         -- that were captured, or read from a file
    offered_bytes     INTEGER NOT NULL,
    refused_packets   INTEGER NOT NULL,         -- offered, and not metered: they can't be decoded, or are of no IP protocol
    refused_bytes     INTEGER NOT NULL,
    dropped_packets   INTEGER NOT NULL,         -- lost because the ring was full
    truncated_packets INTEGER NOT NULL,         -- of which less was captured than their headers
    retransmits       INTEGER NOT NULL,         -- TCP segments
    point             INTEGER NOT NULL,         -- observation_points.id; 0: all of them together
    observed          INTEGER NOT NULL,         -- nanoseconds of the step in which packets were captured
    duplicate_packets INTEGER NOT NULL,         -- metered, and counted at another point
    duplicate_bytes   INTEGER NOT NULL,
    offloaded_packets INTEGER NOT NULL,         -- an estimate: so many more were on the wire than were offered
    kernel_packets    INTEGER NOT NULL,         -- what the interface counted in the same time, both ways
    kernel_bytes      INTEGER NOT NULL,
    kernel_missed     INTEGER NOT NULL,         -- lost by the card for want of memory
    kernel_dropped    INTEGER NOT NULL,         -- discarded by the kernel
    PRIMARY KEY (step, time, point)
) WITHOUT ROWID;

-- What the monitor has told: started, stopped, no traffic, disk full.
CREATE TABLE event_logs (
    id      INTEGER PRIMARY KEY,                -- rises with time
    time    INTEGER NOT NULL,
    level   TEXT    NOT NULL,                   -- info, warning, error
    kind    TEXT    NOT NULL,                   -- a stable code
    message TEXT    NOT NULL,                   -- English, with the remedy
    params  TEXT    NOT NULL                    -- JSON object: the values in the message
);

-- Settings that are made on the page, and not in the configuration file.
CREATE TABLE configurations (
    key        TEXT    NOT NULL PRIMARY KEY,
    value      TEXT    NOT NULL,                -- JSON
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- What is captured on: numbers stay the same from one start to the next.
CREATE TABLE observation_points (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE                -- an interface or a file
);

-- The last batch of each start of the program, so that a repeated one changes nothing.
CREATE TABLE written_batches (
    run      TEXT    NOT NULL PRIMARY KEY,      -- a start of the program
    sequence INTEGER NOT NULL,
    time     INTEGER NOT NULL                   -- of writing
) WITHOUT ROWID;

-- How many rows there are, kept with each change, because counting millions takes long.
CREATE TABLE row_counts (
    name TEXT    NOT NULL PRIMARY KEY,          -- ended (sessions), living (sessions), ips; ips_elsewhere: how often a command deleted some
    rows INTEGER NOT NULL
) WITHOUT ROWID;

-- Sessions as text.
CREATE VIEW sessions_readable AS
SELECT s.id,
       strftime('%Y-%m-%d %H:%M:%f', start_time / 1e9, 'unixepoch') AS start_time,
       strftime('%Y-%m-%d %H:%M:%f', last_seen / 1e9, 'unixepoch')  AS last_seen,
       duration / 1e9 AS duration,
       src_ip, src_port, dst_ip, dst_port, protocol_name AS protocol, state, end_reason, direction,
       packets_sent, packets_received, total_packets, bytes_sent, bytes_received, total_bytes,
       ip_bytes_sent, ip_bytes_received, payload_bytes_sent, payload_bytes_received,
       rtt_ms, retransmits_sent, retransmits_received, tunnel, vlan, p.name AS interface, also_points, carried
FROM sessions s LEFT JOIN observation_points p ON p.id = s.point;

-- IPs, with their times as text.
CREATE VIEW ip_statistics_readable AS
SELECT ip, bytes_sent, bytes_received, total_bytes, packets_sent, packets_received, total_packets,
       retransmits_sent, retransmits_received, session_count,
       datetime(first_seen / 1000000000, 'unixepoch') AS first_seen,
       datetime(last_seen / 1000000000, 'unixepoch')  AS last_seen, local
FROM ip_statistics;

-- Traffic, with times as text and interfaces by name.
CREATE VIEW traffic_history_readable AS
SELECT step, datetime(time / 1000000000, 'unixepoch') AS time, ifnull(p.name, 'all') AS interface,
       observed / 1e9 AS observed, bytes_in, bytes_out, bytes_other,
       packets_in, packets_out, packets_other, new_sessions, active_sessions,
       retransmits, offered_packets, kernel_packets, refused_packets, duplicate_packets,
       dropped_packets, truncated_packets, kernel_missed, kernel_dropped
FROM traffic_history LEFT JOIN observation_points p ON p.id = point;

-- Events, with their times as text.
CREATE VIEW event_logs_readable AS
SELECT id, datetime(time / 1000000000, 'unixepoch') AS time, level, kind, message FROM event_logs;
