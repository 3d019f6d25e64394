-- Searching and sorting is done by the blocks below, so the rows need neither keys that
-- order addresses nor an index by time.
DROP VIEW sessions_readable;
DROP INDEX sessions_ended;
DROP INDEX sessions_living;
ALTER TABLE sessions RENAME TO sessions_before;

-- One row for each session: living ones as of at most a minute ago, and all that have ended.
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
INSERT INTO sessions
SELECT id, start_time, last_seen, end_reason, src_ip, dst_ip, src_port, dst_port, protocol, state, direction,
       packets_sent, packets_received, bytes_sent, bytes_received, ip_bytes_sent, ip_bytes_received,
       payload_bytes_sent, payload_bytes_received, tcp_flags_sent, tcp_flags_received,
       icmp_type, icmp_code, icmp_ports, vlan, inner_vlan, point, rtt_client, rtt_server, '', '', 0, 0,
       retransmits_sent, retransmits_received, retransmitted_bytes_sent, retransmitted_bytes_received,
       out_of_order_sent, out_of_order_received, zero_windows_sent, zero_windows_received, resets_sent, resets_received,
       offloaded_packets_sent, offloaded_packets_received,
       tunnel, tunnel_src_ip, tunnel_dst_ip, tunnel_id, also_points, carried
FROM sessions_before ORDER BY id;
DROP TABLE sessions_before;
-- Living sessions are few; ended ones are found by the blocks.
CREATE INDEX sessions_living ON sessions (id) WHERE end_reason = 0;

-- All sessions that have ended, a second time: in blocks, column by column, for the
-- monitor's own questions. They are made anew from the rows if they are missing.
CREATE TABLE session_blocks (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,  -- rises with the time of writing, and never comes again
    rows    INTEGER NOT NULL,                   -- at most 32768
    version INTEGER NOT NULL,                   -- of the encoding
    dropped INTEGER NOT NULL DEFAULT 0,         -- 1 while its sessions are being deleted
    bounds  BLOB    NOT NULL                    -- the least and the largest value of each column
);

-- A column of a block; one that has the same value in all rows is in the bounds alone.
CREATE TABLE session_columns (
    id   INTEGER PRIMARY KEY,                   -- 64 times the block, plus the column's number
    data BLOB    NOT NULL
);

-- Sessions as text, with the names of numbers.
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
