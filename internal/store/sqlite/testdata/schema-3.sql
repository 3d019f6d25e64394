PRAGMA auto_vacuum=2;
PRAGMA application_id=1852206385;
PRAGMA user_version=3;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
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
INSERT INTO ip_statistics VALUES(X'040a000001','10.0.0.1',2294,18000,23,18,1972,17748,968,16800,0,0,3,1700000000123456789,1700000008123456789,1);
INSERT INTO ip_statistics VALUES(X'0620010db8000000000000000000000001','2001:db8::1',1000,9000,10,9,860,8874,400,8400,0,0,1,1700000000123456789,1700000006123456789,1);
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
INSERT INTO traffic_history VALUES(1,1700000000000000000,500,0,0,5,0,0,1,0,0,0,0,0,0,0,0,0,1000000000,0,0,0,0,0,0,0);
INSERT INTO traffic_history VALUES(1,1700000040000000000,500,0,0,5,0,0,2,0,0,0,0,0,0,0,1,1,1000000000,0,0,0,0,0,0,0);
INSERT INTO traffic_history VALUES(1,1700000080000000000,500,0,0,5,0,0,3,0,0,0,0,0,0,0,2,0,1000000000,0,0,0,0,0,0,0);
INSERT INTO traffic_history VALUES(60,1699999980000000000,500,0,0,5,0,0,1,0,0,0,0,0,0,0,0,0,1000000000,0,0,0,0,0,0,0);
INSERT INTO traffic_history VALUES(60,1700000040000000000,500,0,0,5,0,0,3,0,0,0,0,0,0,0,2,0,1000000000,0,0,0,0,0,0,0);
INSERT INTO traffic_history VALUES(60,1700000040000000000,500,0,0,5,0,0,2,0,0,0,0,0,0,0,1,1,1000000000,0,0,0,0,0,0,0);
INSERT INTO traffic_history VALUES(3600,1699999200000000000,1000,0,0,10,0,0,4,0,0,0,0,0,0,0,2,0,2000000000,0,0,0,0,0,0,0);
INSERT INTO traffic_history VALUES(3600,1699999200000000000,500,0,0,5,0,0,2,0,0,0,0,0,0,0,1,1,1000000000,0,0,0,0,0,0,0);
INSERT INTO traffic_history VALUES(86400,1699920000000000000,1000,0,0,10,0,0,4,0,0,0,0,0,0,0,2,0,2000000000,0,0,0,0,0,0,0);
INSERT INTO traffic_history VALUES(86400,1699920000000000000,500,0,0,5,0,0,2,0,0,0,0,0,0,0,1,1,1000000000,0,0,0,0,0,0,0);
CREATE TABLE event_logs (
    id      INTEGER PRIMARY KEY,                -- rises with time
    time    INTEGER NOT NULL,
    level   TEXT    NOT NULL,                   -- info, warning, error
    kind    TEXT    NOT NULL,                   -- a stable code
    message TEXT    NOT NULL,                   -- English, with the remedy
    params  TEXT    NOT NULL                    -- JSON object: the values in the message
);
INSERT INTO event_logs VALUES(1,1700000000123456789,'info','program_started','It''s on.','{"version":"1"}');
INSERT INTO event_logs VALUES(2,1700000000123456790,'error','store_failed','Disk full; free some space.','null');
CREATE TABLE configurations (
    key        TEXT    NOT NULL PRIMARY KEY,
    value      TEXT    NOT NULL,                -- JSON
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO configurations VALUES('greeting','"it''s"',1);
CREATE TABLE observation_points (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE                -- an interface or a file
);
INSERT INTO observation_points VALUES(1,'eth0');
INSERT INTO observation_points VALUES(2,'br0');
CREATE TABLE written_batches (
    run      TEXT    NOT NULL PRIMARY KEY,      -- a start of the program
    sequence INTEGER NOT NULL,
    time     INTEGER NOT NULL                   -- of writing
) WITHOUT ROWID;
INSERT INTO written_batches VALUES('run',3,1795541809054951917);
CREATE TABLE row_counts (
    name TEXT    NOT NULL PRIMARY KEY,          -- ended (sessions), living (sessions), ips; ips_elsewhere: how often a command deleted some
    rows INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO row_counts VALUES('ended',3);
INSERT INTO row_counts VALUES('ips',2);
INSERT INTO row_counts VALUES('living',1);
CREATE TABLE dimensions (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE                -- ip, country, asn, protocol, port, interface
);
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
CREATE TABLE rollup_names (
    dimension INTEGER NOT NULL,
    key       TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    folded    TEXT    NOT NULL,                 -- the name in lower case, to be searched
    used      INTEGER NOT NULL,                 -- the latest day with the key, in seconds
    PRIMARY KEY (dimension, key)
) WITHOUT ROWID;
CREATE TABLE sessions (
    id                     INTEGER PRIMARY KEY, -- rises with the start time
    start_time             INTEGER NOT NULL,
    last_seen              INTEGER NOT NULL,
    end_reason             INTEGER NOT NULL,    -- IPFIX IE 136; 0 while it lives
    src_ip                 TEXT    NOT NULL,    -- the initiator
    dst_ip                 TEXT    NOT NULL,    -- the responder
    src_port               INTEGER NOT NULL,
    dst_port               INTEGER NOT NULL,
    protocol               INTEGER NOT NULL,    -- IP protocol number
    state                  TEXT    NOT NULL,
    direction              TEXT    NOT NULL,    -- out, in, internal, transit: as seen from home
    packets_sent           INTEGER NOT NULL,    -- sent: initiator to responder
    packets_received       INTEGER NOT NULL,
    bytes_sent             INTEGER NOT NULL,    -- wire bytes
    bytes_received         INTEGER NOT NULL,
    ip_bytes_sent          INTEGER NOT NULL,
    ip_bytes_received      INTEGER NOT NULL,
    payload_bytes_sent     INTEGER NOT NULL,
    payload_bytes_received INTEGER NOT NULL,
    tcp_flags_sent         INTEGER NOT NULL,    -- all flags seen, as bits of the TCP header
    tcp_flags_received     INTEGER NOT NULL,
    icmp_type              INTEGER NOT NULL,
    icmp_code              INTEGER NOT NULL,
    icmp_ports             INTEGER NOT NULL,    -- the flow key's two port fields, for ICMP
    vlan                   INTEGER NOT NULL,
    inner_vlan             INTEGER NOT NULL,
    point                  INTEGER NOT NULL,    -- observation_points.id
    rtt_client             INTEGER NOT NULL,    -- of the TCP handshake, in nanoseconds; 0 if not measured
    rtt_server             INTEGER NOT NULL,
    src_country            TEXT    NOT NULL,    -- ISO 3166 code when it began; '' at home or if not known
    dst_country            TEXT    NOT NULL,
    src_asn                INTEGER NOT NULL,    -- autonomous system number; 0 at home or if not known
    dst_asn                INTEGER NOT NULL,
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
    rtt_ms                 REAL GENERATED ALWAYS AS ((nullif(rtt_client, 0) + nullif(rtt_server, 0)) / 1e6) VIRTUAL, -- null if not measured
    rtt_client_ms          REAL GENERATED ALWAYS AS (nullif(rtt_client, 0) / 1e6) VIRTUAL,
    rtt_server_ms          REAL GENERATED ALWAYS AS (nullif(rtt_server, 0) / 1e6) VIRTUAL,
    wire_packets_sent      INTEGER GENERATED ALWAYS AS (packets_sent + offloaded_packets_sent) VIRTUAL, -- an estimate
    wire_packets_received  INTEGER GENERATED ALWAYS AS (packets_received + offloaded_packets_received) VIRTUAL
);
INSERT INTO sessions VALUES(3565158400257949697,1700000000123456789,1700000005123456789,3,'10.0.0.1','192.0.2.7',50000,443,6,'closed','out',10,9,1000,9000,860,8874,400,8400,27,26,0,0,0,0,0,1,150000,12000000,'','',0,0,0,0,0,0,0,0,0,0,0,0,0,0,'','','',0,'',0);
INSERT INTO sessions VALUES(3565158400257949698,1700000000123456789,1700000006123456789,3,'2001:db8::1','2001:db8::2',50000,443,6,'closed','out',10,9,1000,9000,860,8874,400,8400,27,26,0,0,0,7,0,1,150000,12000000,'','',0,0,1,0,100,0,2,0,3,0,1,0,4,0,'vxlan','','',42,',2,',0);
INSERT INTO sessions VALUES(3565158400257949699,1700000000123456789,1700000007123456789,1,'10.0.0.1','192.0.2.8',0,0,1,'active','transit',3,0,294,0,252,0,168,0,0,0,8,0,305397761,0,0,0,0,0,'','',0,0,0,0,0,0,0,0,0,0,0,0,0,0,'','','',0,'',0);
INSERT INTO sessions VALUES(3565158400257949700,1700000000123456789,1700000008123456789,0,'10.0.0.1','192.0.2.7',50000,443,6,'closed','out',10,9,1000,9000,860,8874,400,8400,27,26,0,0,0,0,0,1,150000,12000000,'','',0,0,0,0,0,0,0,0,0,0,0,0,0,0,'','','',0,'',0);
CREATE TABLE session_blocks (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,  -- rises with the time of writing, and never comes again
    rows    INTEGER NOT NULL,                   -- at most 32768
    version INTEGER NOT NULL,                   -- of the encoding
    dropped INTEGER NOT NULL DEFAULT 0,         -- 1 while its sessions are being deleted
    bounds  BLOB    NOT NULL                    -- the least and the largest value of each column
);
INSERT INTO session_blocks VALUES(1,3,1,0,X'818080fbd095ffbc310295feaebcf69fe7cb970180a8d6b90780e497d092808080800180a8d6b9070004010400d0860300bb03010501060102000203070009a602c20500a84680808080808080808001008080808080808080800100a801e80100d041001b001a008010008180d0910100070000000180808080808080808001f093098080808080808080800180b6dc050001000000640000000200000003000000010000000400000005002a030003000002000000000000000000000000fc01e00400aa450400000000000000000000ffff0a0000010620010db80000000000000000000000010400000000000000000000ffffc00002070620010db8000000000000000000000002');
CREATE TABLE session_columns (
    id   INTEGER PRIMARY KEY,                   -- 64 times the block, plus the column's number
    data BLOB    NOT NULL
);
INSERT INTO session_columns VALUES(64,X'01000102');
INSERT INTO session_columns VALUES(65,X'000100ca9401009a3501003b77');
INSERT INTO session_columns VALUES(66,X'000100ca9401009a3501003b77');
INSERT INTO session_columns VALUES(67,X'01000400');
INSERT INTO session_columns VALUES(68,X'01000401');
INSERT INTO session_columns VALUES(69,X'0150500001c3c300');
INSERT INTO session_columns VALUES(70,X'01bbbb0001010100');
INSERT INTO session_columns VALUES(71,X'01050500');
INSERT INTO session_columns VALUES(72,X'01060600');
INSERT INTO session_columns VALUES(73,X'01020200');
INSERT INTO session_columns VALUES(74,X'01020200');
INSERT INTO session_columns VALUES(75,X'01070700');
INSERT INTO session_columns VALUES(76,X'01090900');
INSERT INTO session_columns VALUES(77,X'01c2c20001020200');
INSERT INTO session_columns VALUES(78,X'0128280001232300');
INSERT INTO session_columns VALUES(81,X'01e8e800');
INSERT INTO session_columns VALUES(82,X'01d0d00001202000');
INSERT INTO session_columns VALUES(83,X'011b1b00');
INSERT INTO session_columns VALUES(84,X'011a1a00');
INSERT INTO session_columns VALUES(85,X'0001000008');
INSERT INTO session_columns VALUES(86,X'01000001000100003401000012');
INSERT INTO session_columns VALUES(87,X'01000700');
INSERT INTO session_columns VALUES(89,X'01010100');
INSERT INTO session_columns VALUES(90,X'01f0f0000149490001020200');
INSERT INTO session_columns VALUES(91,X'00011b1b0001b7b700');
INSERT INTO session_columns VALUES(92,X'01000100');
INSERT INTO session_columns VALUES(94,X'01006400');
INSERT INTO session_columns VALUES(96,X'01000200');
INSERT INTO session_columns VALUES(98,X'01000300');
INSERT INTO session_columns VALUES(100,X'01000100');
INSERT INTO session_columns VALUES(102,X'01000400');
INSERT INTO session_columns VALUES(104,X'01000500');
INSERT INTO session_columns VALUES(105,X'01002a00');
INSERT INTO session_columns VALUES(108,X'01000200');
INSERT INTO session_columns VALUES(115,X'03030a000001c0000207c00002080000000000000000000000000000000020010db800000000000000000000000120010db8000000000000000000000002');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('session_blocks',1);
CREATE VIEW ip_statistics_readable AS
SELECT ip, bytes_sent, bytes_received, total_bytes, packets_sent, packets_received, total_packets,
       retransmits_sent, retransmits_received, session_count,
       datetime(first_seen / 1000000000, 'unixepoch') AS first_seen,
       datetime(last_seen / 1000000000, 'unixepoch')  AS last_seen, local
FROM ip_statistics;
CREATE VIEW traffic_history_readable AS
SELECT step, datetime(time / 1000000000, 'unixepoch') AS time, ifnull(p.name, 'all') AS interface,
       observed / 1e9 AS observed, bytes_in, bytes_out, bytes_other,
       packets_in, packets_out, packets_other, new_sessions, active_sessions,
       retransmits, offered_packets, kernel_packets, refused_packets, duplicate_packets,
       dropped_packets, truncated_packets, kernel_missed, kernel_dropped
FROM traffic_history LEFT JOIN observation_points p ON p.id = point;
CREATE VIEW event_logs_readable AS
SELECT id, datetime(time / 1000000000, 'unixepoch') AS time, level, kind, message FROM event_logs;
CREATE VIEW rollups_readable AS
SELECT d.name AS dimension, r.step, datetime(r.time, 'unixepoch') AS time, r.key,
       coalesce(n.name, p.name, '') AS name, r.local, r.bytes_sent, r.bytes_received, r.total_bytes,
       r.packets_sent, r.packets_received, r.total_packets, r.total_retransmits, r.session_count
FROM rollups r JOIN dimensions d ON d.id = r.dimension
LEFT JOIN rollup_names n ON n.dimension = r.dimension AND n.key = r.key
LEFT JOIN observation_points p ON d.name = 'interface' AND p.id = CAST(r.key AS INTEGER);
CREATE INDEX sessions_living ON sessions (id) WHERE end_reason = 0;
CREATE VIEW sessions_readable AS
SELECT s.id,
       strftime('%Y-%m-%d %H:%M:%f', start_time / 1e9, 'unixepoch') AS start_time,
       strftime('%Y-%m-%d %H:%M:%f', last_seen / 1e9, 'unixepoch')  AS last_seen,
       duration / 1e9 AS duration,
       src_ip, src_port, dst_ip, dst_port,
       CASE protocol WHEN 1 THEN 'ICMP' WHEN 6 THEN 'TCP' WHEN 17 THEN 'UDP' WHEN 47 THEN 'GRE'
                     WHEN 50 THEN 'ESP' WHEN 58 THEN 'ICMPv6' WHEN 132 THEN 'SCTP' ELSE protocol END AS protocol,
       state, end_reason, direction, src_country, dst_country, src_asn, dst_asn,
       packets_sent, packets_received, total_packets, bytes_sent, bytes_received, total_bytes,
       ip_bytes_sent, ip_bytes_received, payload_bytes_sent, payload_bytes_received,
       rtt_ms, retransmits_sent, retransmits_received,
       tunnel, vlan, p.name AS interface, also_points, carried
FROM sessions s LEFT JOIN observation_points p ON p.id = s.point;
COMMIT;
