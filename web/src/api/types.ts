// Code generated from internal/api/wire by tsgen (make gen). DO NOT EDIT.

/** DatabaseDetail is the answer of /api/database and of the jobs below it. */
export interface DatabaseDetail {
  database: Database
  schema_version: number
  retention: Retention
  /** Job is the latest one since the program started, null if there was none. */
  job: DatabaseJob | null
}

/** Retention is for how many seconds each kind of row is kept; 0 is for ever. */
export interface Retention {
  sessions: number
  ips: number
  /** traffic by the second */
  seconds: number
  minutes: number
  hours: number
  days: number
  events: number
  /** 0 is no bound */
  max_bytes: number
}

/** DatabaseJob is work on the database that goes on in the background; one at a time. */
export interface DatabaseJob {
  /** "cleanup", "vacuum", "check" or "backup" */
  kind: string
  /** "running", "done" or "failed" */
  state: string
  /** Progress is how much of a backup is copied, 0 to 1; of other jobs 0 until they are done. */
  progress: number
  started_at: string
  /** null while it runs */
  finished_at: string | null
  /** why it failed; empty if it did not */
  error: string
  /** that a cleanup deleted */
  rows: number
  /** that were given back, or of the backup */
  bytes: number
  /** that a check found */
  faults: string[]
}

/** Cleanup is the body of POST /api/database/cleanup. */
export interface Cleanup {
  /** what is older goes; 1 to 36500 */
  days: number
}

/** Span is the time that an answer is about, where one was asked for: [From, To). */
export interface Span {
  from: string
  to: string
  /** At is the moment that was asked for; absent if a time was. */
  at?: string
  /**
   * Resolution is the length in seconds of the finest steps that are kept for then: the
   * numbers are of whole ones that begin within the span.
   */
  resolution: number
}

/** Rank is one row of a ranking. */
export interface Rank {
  key: string
  /** display name; empty if the key is one */
  name: string
  bytes_sent: number
  bytes_received: number
  total_bytes: number
  packets_sent: number
  packets_received: number
  total_packets: number
  session_count: number
  /** TCP segments that were sent again, both ways. */
  total_retransmits: number
  /** Rate is wire bytes per second, both ways: now, or the mean of the time that was asked for. */
  rate: number
  /** of an address */
  location?: Location
  /** Previous is what the key was in the period before, where a comparison was asked for. */
  previous?: PreviousRank
}

/**
 * PreviousRank is what a key of a ranking was in the period of the same length before; all
 * is 0 if it was not seen then.
 */
export interface PreviousRank {
  bytes_sent: number
  bytes_received: number
  total_bytes: number
  total_packets: number
  session_count: number
  total_retransmits: number
  /** Rank is the place it had in the same order, from 1; 0 if it was not among the first 1000. */
  rank: number
}

/** Ranking answers GET /api/rankings: the largest keys of one dimension. */
export interface Ranking {
  dimension: string
  order_by: string
  /**
   * Source says where the numbers come from. "live": what the program saw since it
   * started. "rollups": what was counted for each key within the span; the key "other" is
   * what a minute, hour or day had no room for. "sessions": sums over the sessions that
   * were there within the span and match, each with all it ever did.
   */
  source: string
  /**
   * Estimated is true where the sums, or those of the period before, are made from a
   * sample, because there are very many sessions.
   */
  estimated: boolean
  rows: Rank[]
  span?: Span
  /** Previous is the period of the comparison, where one was asked for. */
  previous?: Span
}

/** TopTalkers is a ranking for each dimension, since monitoring began or of the span. */
export interface TopTalkers {
  ips: Rank[]
  countries: Rank[]
  asns: Rank[]
  protocols: Rank[]
  ports: Rank[]
  /** More are the rankings of all other dimensions, by the dimension's name. */
  more: Record<string, Rank[]>
  span?: Span
  /** Previous is the period of the comparison, where one was asked for. */
  previous?: Span
}

/** HistoryPoint is the traffic of one step. */
export interface HistoryPoint {
  /** the step's beginning */
  time: string
  bytes_in: number
  bytes_out: number
  bytes_other: number
  packets_in: number
  packets_out: number
  packets_other: number
  new_sessions: number
  active_sessions: number
  /** TCP segments */
  retransmits: number
  dropped: number
  refused: number
  truncated: number
  duplicates: number
  /**
   * Captured packets and, of the same time, what the interfaces counted themselves: 0 if
   * they don't, or if a filter leaves packets out.
   */
  captured: number
  offloaded: number
  kernel_packets: number
  kernel_missed: number
  kernel_dropped: number
  /** 0 to 1 */
  coverage: number
  /**
   * Observed is the part of the step in which packets were captured, 0 to 1. Where it is
   * 0 nobody watched: that is a gap, and not silence.
   */
  observed: number
}

/** History is a series of equal steps without gaps. */
export interface History {
  from: string
  to: string
  /** seconds */
  step: number
  /** Interface is the one that the series is of; empty: all of them. */
  interface: string
  points: HistoryPoint[]
  /**
   * Previous is the period of the same length before, where a comparison was asked for: as
   * many points, each with its own time. PreviousFrom is its beginning.
   */
  previous?: HistoryPoint[]
  previous_from?: string
  /**
   * Dimension and Series are there where series by dimension were asked for; Rest is what
   * of the points above is in none of them.
   */
  dimension?: string
  series?: KeySeries[]
  rest?: RestPoint[]
}

/**
 * KeySeries is the series of one key of a dimension; its points are at the same times as
 * those of the history that it is part of.
 */
export interface KeySeries {
  key: string
  /** display name; empty if the key is one */
  name: string
  location?: Location
  points: RankPoint[]
}

/** RankPoint is what one key of a dimension did within a step. */
export interface RankPoint {
  /** the step's beginning */
  time: string
  bytes_sent: number
  bytes_received: number
  total_bytes: number
  packets_sent: number
  packets_received: number
  total_packets: number
  /** that began */
  session_count: number
  total_retransmits: number
}

/**
 * RestPoint is the traffic of a step less that of all the series, and not less than 0.
 * Where two keys of the dimension share a session, as two addresses do, its traffic is in
 * the series of both, and so the rest is too small.
 */
export interface RestPoint {
  time: string
  total_bytes: number
  total_packets: number
}

/** Schema answers GET /api/schema: what can be asked for, for menus. */
export interface Schema {
  dimensions: Dimension[]
  rank_columns: string[]
  session_columns: string[]
  ip_columns: string[]
  event_columns: string[]
  /**
   * Filters are the values that the filters of sessions take that are a choice: state,
   * direction, tunnel.
   */
  filters: Record<string, string[]>
}

/** Dimension is what traffic can be grouped by. */
export interface Dimension {
  name: string
  title_en: string
  title_zh: string
  /** the keys are addresses */
  addresses: boolean
}

/** ClientMessage is what a client sends: its whole set of subscriptions, at most 16. */
export interface ClientMessage {
  /** "subscribe" */
  type: string
  topics: Subscription[]
}

/** Subscription names a topic and, where it takes one, its query. */
export interface Subscription {
  topic: string
  query: string
}

/**
 * ServerMessage is what the server sends: "hello" once, then for each subscription
 * one "snapshot" and an "update" a second; "error" for a subscription it refuses.
 */
export interface ServerMessage {
  type: string
  topic: string
  query: string
  time: string
  /** in hello */
  version: string
  data?: unknown
  error?: Problem
}

/** Status is the answer of GET /api/status and the topic "status". */
export interface Status {
  monitoring: boolean
  /** Error is why monitoring stopped by itself; empty otherwise. */
  error: string
  /**
   * Interfaces are the names of those that packets are captured on now; Points tells how
   * each fares, and those that were named and are not there.
   */
  interfaces: string[]
  points: ObservationPoint[]
  source: Source
  /** Time is the monitor's clock: the wall clock live, the packets' time for a file. */
  time: string
  /** StartedAt is when the program started; MonitoringSince when the capture did, null if it is off. */
  started_at: string
  monitoring_since: string | null
  /** seconds the program runs */
  uptime: number
  totals: Totals
  rates: Rates
  active_sessions: number
  max_sessions: number
  ips: number
  capture: Capture
  database: Database
  version: string
  /**
   * Span is the second, minute, hour or day that the answer is of, where at= was asked for.
   * Totals count from the start of the program before it, at StartedAt. Points are those
   * that captured then. IPs, Evicted and RefusedByReason are not kept: 0 and empty;
   * Source, MaxSessions, Database and Version are those of now.
   */
  span?: Span
}

/** Source is what is being monitored. */
export interface Source {
  /** "interface" or "file" */
  kind: string
  /** of several interfaces with commas between; "any" */
  name: string
  /** a file was read to its end */
  finished: boolean
  /** Filter is the capture filter, empty if every packet is taken. */
  filter: string
}

/**
 * ObservationPoint is an interface, or the file: what was captured there, beside what
 * the kernel counted at it in the same time.
 */
export interface ObservationPoint {
  name: string
  /** Type is what kind of interface it is: ethernet, bridge, wireguard, …; file. */
  type: string
  /**
   * State is "capturing", "off", "down", "gone", or "unsupported" for a link type that
   * can't be decoded.
   */
  state: string
  /**
   * What was captured, and its wire bytes; refused and duplicates are among it. A
   * duplicate counts at another point. Offloaded estimates how many more packets were on
   * the wire, where the card joined segments.
   */
  packets: number
  bytes: number
  refused: number
  truncated: number
  duplicates: number
  offloaded: number
  /** Dropped is what the ring lost; null if it shares its ring with others. */
  dropped: number | null
  /**
   * What the interface counted itself, both ways; null where it does not, or where a
   * filter leaves packets out. Missed packets were lost by the card, dropped ones
   * discarded by the kernel.
   */
  kernel_packets: number | null
  kernel_bytes: number | null
  kernel_missed: number | null
  kernel_dropped: number | null
  /**
   * Coverage is the part of what there was that was captured, 0 to 1, in all and within
   * the last minute.
   */
  coverage: number
  coverage_minute: number
  /** Rate is wire bytes per second captured there, duplicates included. */
  rate: number
}

/** Totals counts since the program started. */
export interface Totals {
  /** wire, metered */
  bytes: number
  packets: number
  bytes_in: number
  bytes_out: number
  bytes_other: number
  packets_in: number
  packets_out: number
  packets_other: number
  sessions: number
}

/** Rates are per second, of the latest full second; byte rates are wire bytes. */
export interface Rates {
  bytes_in: number
  bytes_out: number
  bytes_other: number
  packets: number
}

/**
 * Capture accounts for every packet that was offered: packets = metered + refused,
 * and dropped ones were never delivered. Of the metered ones, duplicates count at another
 * observation point.
 */
export interface Capture {
  packets: number
  bytes: number
  metered: number
  duplicates: number
  duplicate_bytes: number
  offloaded: number
  refused: number
  refused_by_reason: Record<string, number>
  dropped: number
  truncated: number
  /**
   * What the interfaces counted themselves in the same time, all 0 if they don't or if a
   * filter leaves packets out.
   */
  kernel_packets: number
  kernel_bytes: number
  kernel_missed: number
  kernel_dropped: number
  /**
   * Coverage is the part of what there was that was captured, 0 to 1, in all and within
   * the last minute.
   */
  coverage: number
  coverage_minute: number
  /**
   * Workers is how many rings and flow tables share the packets, RingBytes the size of
   * each ring; 0 for a file.
   */
  workers: number
  ring_bytes: number
  /** Evicted counts what a bound made the program forget early, by structure. */
  evicted: Record<string, number>
}

/** Database is the state of the store. */
export interface Database {
  path: string
  bytes: number
  sessions: number
  ips: number
  /** Error is why the last write failed; empty if it did not. */
  error: string
  /** LastWrite is when the last batch was stored, null before the first. */
  last_write: string | null
  /**
   * LostSessions counts sessions that could not be kept for a failing store, LostEvents
   * events.
   */
  lost_sessions: number
  lost_events: number
  /**
   * MaxBytes is what the files together may take; 0 is no bound. FreeBytes of them are room
   * for rows to come.
   */
  max_bytes: number
  free_bytes: number
  /**
   * GrowthPerDay is how many bytes a day would take that was as the last 24 hours were, or
   * what there is of them; FitsDays is how many such days fit. Null while there is less than
   * an hour, or too few sessions; FitsDays also without a bound.
   */
  growth_per_day: number | null
  fits_days: number | null
  /** The oldest of each kind there is; null if there is none. */
  oldest_session: string | null
  oldest_minute: string | null
  oldest_hour: string | null
  oldest_day: string | null
  /** ShortenedRows counts rows that went before their time because of MaxBytes. */
  shortened_rows: number
  /** SetAside is where a file was moved last that could not be used; empty if none was. */
  set_aside: string
}

/** Problem is an error answer: problem details, RFC 9457. Code is stable. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: string
  /** Field names the parameter that is wrong, where one is. */
  field?: string
}

/**
 * MonitoringResult answers start-monitoring and stop-monitoring. Both are
 * idempotent; Changed is false if there was nothing to do.
 */
export interface MonitoringResult {
  monitoring: boolean
  changed: boolean
}

/** SignIn is the body of POST /api/sign-in. */
export interface SignIn {
  password: string
}

/** Access answers GET /api/access: whether a password is asked for and given. */
export interface Access {
  password_required: boolean
  signed_in: boolean
}

/** Health answers GET /healthz. */
export interface Health {
  /** "ok" */
  status: string
}

/** Page is a page of a list. */
export interface Page<T> {
  items: T[]
  /** all that match */
  total: number
  /** from 1 */
  page: number
  per_page: number
  /** OrderBy and OrderDirection ("asc", "desc") are what was used. */
  order_by: string
  order_direction: string
  /** TotalEstimated is true where counting all would take longer than it is worth. */
  total_estimated: boolean
  /**
   * Next is what to give as after= for the entries that follow; null at the end, and for
   * lists that are paged by number only.
   */
  next: string | null
  /** Span is the time that the list is of, where one was asked for. */
  span?: Span
  /**
   * Source says where the numbers of IPs come from if they are not all that was counted:
   * rollups, sessions, as in Ranking.
   */
  source?: string
}

/**
 * Location is where an address is. Scope is "public" or the kind of special
 * range ("private", "loopback", "multicast", …); unknown fields are empty or null.
 */
export interface Location {
  scope: string
  country: string
  country_code: string
  city: string
  latitude: number | null
  longitude: number | null
  isp: string
  asn: number
}

/** Session is one biflow; sent is from source (initiator) to destination. */
export interface Session {
  /** decimal; too large for a JavaScript number */
  session_id: string
  community_id: string
  src_ip: string
  dst_ip: string
  src_port: number
  dst_port: number
  protocol: string
  ip_protocol: number
  vlan: number
  /** of a second tag */
  inner_vlan: number
  /** where it counts */
  interface: string
  /**
   * AlsoSeen are further interfaces that saw the same packets. Carried is true if the
   * packets are in those of another session, enciphered, and so are in no total.
   */
  also_seen?: string[]
  carried?: boolean
  start_time: string
  last_seen: string
  duration: number
  packets_sent: number
  packets_received: number
  /** wire */
  bytes_sent: number
  bytes_received: number
  ip_bytes_sent: number
  ip_bytes_received: number
  payload_bytes_sent: number
  payload_bytes_received: number
  total_packets: number
  total_bytes: number
  /** wire bytes per second now */
  rate_sent: number
  rate_received: number
  tcp_flags_sent: string
  tcp_flags_received: string
  icmp_type?: number
  icmp_code?: number
  state: string
  active: boolean
  /** empty while active */
  end_reason: string
  /** out, in, internal, transit */
  direction: string
  /**
   * The round trip time of the TCP handshake in milliseconds, and its parts on the two
   * sides of the observation point. Absent if not measured.
   */
  rtt_ms?: number
  rtt_client_ms?: number
  rtt_server_ms?: number
  /** Segments of which all or part had been seen before, and the payload bytes that had. */
  retransmits_sent: number
  retransmits_received: number
  retransmitted_bytes_sent: number
  retransmitted_bytes_received: number
  out_of_order_sent: number
  out_of_order_received: number
  /** How often the sender of that direction closed its receive window. */
  zero_windows_sent: number
  zero_windows_received: number
  resets_sent: number
  resets_received: number
  /**
   * An estimate of the packets on the wire, where the card or the kernel joined segments
   * (TSO, GRO) and fewer were captured. Absent otherwise.
   */
  wire_packets_sent?: number
  wire_packets_received?: number
  wire_packets_estimated?: boolean
  /**
   * What the packets came in, from the outside in: "vxlan", "gtp-u/teredo". The ends and
   * the identifier (VNI, TEID, key, session) are the outermost tunnel's. Absent if there is none.
   */
  tunnel?: string
  tunnel_src_ip?: string
  tunnel_dst_ip?: string
  tunnel_id?: number
  src_location: Location
  dst_location: Location
}

/** IP is what one address did. */
export interface IP {
  ip: string
  /** wire */
  bytes_sent: number
  bytes_received: number
  total_bytes: number
  packets_sent: number
  packets_received: number
  total_packets: number
  rate_sent: number
  rate_received: number
  session_count: number
  /**
   * TCP segments that the address sent again, that were sent to it again, and both. Of a
   * span only both are known.
   */
  retransmits_sent: number
  retransmits_received: number
  total_retransmits: number
  first_seen: string
  last_seen: string
  local: boolean
  location: Location
}

/**
 * IPDetail is one address: what it did within the span, or since the database was made.
 * FirstSeen and LastSeen are always of all there is.
 */
export interface IPDetail extends IP {
  /**
   * Source says where the totals come from. "totals": all that was counted since the
   * database was made. "rollups", "sessions": of the span, as in Ranking. TotalsEstimated
   * is true where they are made from a sample of very many sessions.
   */
  source: string
  totals_estimated: boolean
  /** Sessions are the newest of those that were there, SessionsTotal counts all of them. */
  sessions: Session[]
  sessions_total: number
  sessions_total_estimated: boolean
  /**
   * The largest by bytes, of the sessions that were there. Sent is what a peer sent, and
   * what was sent from a country. RanksEstimated is true where they are made from a sample,
   * because there are very many sessions.
   */
  ranks_estimated: boolean
  peers: Rank[]
  ports: Rank[]
  countries: Rank[]
  protocols: Rank[]
  /**
   * Series has a point every Step seconds, from SeriesSource (rollups, sessions). They are
   * there where a time was asked for. SeriesEstimated is true where there are so many
   * sessions that only the newest of them are in it.
   */
  series?: RankPoint[]
  series_source?: string
  series_estimated?: boolean
  /** seconds */
  step?: number
  span?: Span
}

/** GeoMap is the traffic by place and between places. */
export interface GeoMap {
  /** null if not known */
  home: Location | null
  places: Place[]
  arcs: Arc[]
  /** Unlocated is the traffic of public addresses without a position. */
  unlocated_bytes: number
  /**
   * Span is the time that was asked for. The places are then countries, the arcs lead
   * from home to them, and their IPs are not known: 0.
   */
  span?: Span
}

/** Place is a point of the map. */
export interface Place {
  key: string
  location: Location
  bytes: number
  packets: number
  sessions: number
  ips: number
  rate: number
}

/** Arc is the traffic between two places, both ways; "home" is the key of home. */
export interface Arc {
  from: string
  to: string
  bytes: number
  packets: number
  sessions: number
  rate: number
}

/** Event is an entry of the event log. */
export interface Event {
  id: string
  time: string
  /** info, warning, error */
  level: string
  kind: string
  message: string
  params: Record<string, string>
}

/** The topics of GET /api/ws and what their messages carry. */
export interface TopicPayload {
  "status": Status
  "traffic": History
  "sessions": Page<Session>
  "ip-stats": TopTalkers
  "geo-map": GeoMap
  "events": Page<Event>
}

export type Topic = keyof TopicPayload
