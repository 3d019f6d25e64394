package api

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// Where the numbers of a ranking come from.
const (
	sourceLive     = "live"
	sourceTotals   = "totals"
	sourceRollups  = "rollups"
	sourceSessions = "sessions"
)

// maxPrevious is among how many keys the place before is looked for.
const maxPrevious = 1000

func dimensionNames() []string {
	names := make([]string, len(stats.Dimensions))
	for i := range stats.Dimensions {
		names[i] = stats.Dimensions[i].Name
	}
	return names
}

func rankParams() []param {
	columns := columnNames(stats.RankColumns)
	return []param{
		{name: "limit", kind: kindNumber, doc: "rows of each ranking", fallback: "10", min: 1, max: maxPerPage},
		{name: "order_by", kind: kindChoice, doc: "measure to rank by; the rate of a past time is its mean", fallback: columns[0], values: columns},
		timeParam("from", "the ranking of the time from here, instead of what is live"),
		timeParam("to", "end of that time; now if absent"),
		atParam("the ranking of that minute"),
		{name: "compare", kind: kindChoice, doc: "previous: beside each row what it was in the period of the same length before", values: []string{comparePrevious}},
	}
}

const comparePrevious = "previous"

func rankingParams() []param {
	params := append([]param{
		{name: "dimension", kind: kindChoice, doc: "what to rank", fallback: dimensionNames()[0], values: dimensionNames()},
	}, rankParams()...)
	return append(params, sessionFilters()...)
}

// rankQuestion is what a ranking was asked for.
type rankQuestion struct {
	window
	orderBy string
	limit   int // 0 = all
	compare bool
	// filter selects sessions, whose sums are ranked then; nil = all traffic.
	filter *stats.SessionQuery
}

func (s *Server) rankQuestion(ctx context.Context, q *query) rankQuestion {
	r := rankQuestion{
		window: s.window(ctx, q, minute), orderBy: q.choice("order_by"), limit: int(q.number("limit")),
		compare: q.choice("compare") == comparePrevious,
	}
	if r.compare && r.isNow() {
		q.fail("compare", "needs a time: give from")
	}
	if q.has("to") && !q.has("from") {
		q.fail("from", "needed where to is given")
	}
	return r
}

// source says where the question is answered from.
func (r *rankQuestion) source() string {
	switch {
	case r.filter != nil:
		return sourceSessions
	case r.isNow():
		return sourceLive
	default:
		return sourceRollups
	}
}

// rank answers for one dimension, with what each row was before.
func (s *Server) rank(ctx context.Context, dimension string, r rankQuestion) (rows []wire.Rank, estimated bool, err error) {
	ranks, estimated, err := s.rankOnce(ctx, dimension, r, nil)
	if err != nil {
		return nil, false, err
	}
	s.mean(ranks, &r)
	rows = s.ranks(dimension, ranks)
	if r.compare {
		var before bool
		before, err = s.compare(ctx, dimension, r, ranks, rows)
		estimated = estimated || before
	}
	return rows, estimated, err
}

// rankOnce asks whoever knows; keys selects rows of roll-ups. It is estimated where it is
// made from a sample of the sessions.
func (s *Server) rankOnce(ctx context.Context, dimension string, r rankQuestion, keys []string) (ranks []stats.Rank, estimated bool, err error) {
	switch r.source() {
	case sourceLive:
		return s.deps.Engine.TopBy(dimension, r.orderBy, r.limit), false, nil
	case sourceSessions:
		f := *r.filter
		f.From, f.To = r.from, r.to
		lists, estimated, err := s.deps.Catalog.SessionRanks(ctx, f, []string{dimension}, r.orderBy, r.limit)
		if err != nil {
			return nil, false, err
		}
		return lists[0], estimated, s.nameRanks(ctx, dimension, r, lists[0])
	default:
		ranks, err = s.deps.Catalog.Ranks(ctx, store.RankQuery{
			Dimension: dimension, From: r.from, To: r.to, OrderBy: storedOrder(r.orderBy), Keys: keys, Limit: r.limit,
		})
		return ranks, false, err
	}
}

// storedOrder is the order of roll-ups that is that by a rate: its mean is of one time.
func storedOrder(column string) string {
	if c, ok := stats.FindColumn(stats.RankColumns, column); ok && !c.Stored {
		return stats.RankColumns[0].Name
	}
	return column
}

// mean sets the rates of a past time, as far as that is over.
func (s *Server) mean(ranks []stats.Rank, r *rankQuestion) {
	if r.source() != sourceRollups {
		return
	}
	length := time.Duration(min(r.to, max(s.now(), r.from+int64(time.Second))) - r.from).Seconds()
	for i := range ranks {
		ranks[i].Rate = float64(ranks[i].Sent.Bytes+ranks[i].Received.Bytes) / length
	}
}

// nameRanks adds the names that sessions don't have. An autonomous system that was not
// met since the start is looked up in the roll-ups of the same time.
func (s *Server) nameRanks(ctx context.Context, dimension string, r rankQuestion, ranks []stats.Rank) error {
	if dimension != stats.DimensionASN || len(ranks) == 0 {
		return nil
	}
	names := make(map[string]string)
	learn := func(known []stats.Rank) {
		for i := range known {
			names[known[i].Key] = known[i].Name
		}
	}
	learn(s.deps.Engine.TopBy(dimension, "", 0))
	var missing []string
	for i := range ranks {
		if names[ranks[i].Key] == "" && ranks[i].Key != stats.RankOther {
			missing = append(missing, ranks[i].Key)
		}
	}
	if len(missing) > 0 && len(missing) <= maxPerPage && r.from != 0 {
		known, err := s.deps.Catalog.Ranks(ctx, store.RankQuery{Dimension: dimension, From: r.from, To: max(r.to, r.from+1), Keys: missing})
		if err != nil {
			return err
		}
		learn(known)
	}
	for i := range ranks {
		ranks[i].Name = cmp.Or(ranks[i].Name, names[ranks[i].Key])
	}
	return nil
}

// compare sets what each row was in the period before; that may be estimated as well.
func (s *Server) compare(ctx context.Context, dimension string, r rankQuestion, ranks []stats.Rank, rows []wire.Rank) (estimated bool, err error) {
	before := r
	before.window, before.limit = r.previous(), maxPrevious
	previous, estimated, err := s.rankOnce(ctx, dimension, before, nil)
	if err != nil {
		return false, err
	}
	was := make(map[string]wire.PreviousRank, len(previous))
	add := func(list []stats.Rank, ranked bool) {
		for i := range list {
			x := &list[i]
			p := wire.PreviousRank{
				BytesSent: x.Sent.Bytes, BytesReceived: x.Received.Bytes, TotalBytes: x.Sent.Bytes + x.Received.Bytes,
				TotalPackets: x.Sent.Packets + x.Received.Packets, SessionCount: x.Sessions, TotalRetransmits: x.Retransmits,
			}
			if ranked {
				p.Rank = i + 1
			}
			was[x.Key] = p
		}
	}
	add(previous, true)
	missing := slices.DeleteFunc(keysOf(ranks), func(key string) bool { _, known := was[key]; return known })
	if len(missing) > 0 && len(previous) == maxPrevious && r.source() == sourceRollups {
		small, _, err := s.rankOnce(ctx, dimension, before, missing)
		if err != nil {
			return false, err
		}
		add(small, false)
	}
	for i := range rows {
		p := was[ranks[i].Key]
		rows[i].Previous = &p
	}
	return estimated, nil
}

func keysOf(ranks []stats.Rank) []string {
	keys := make([]string, len(ranks))
	for i := range ranks {
		keys[i] = ranks[i].Key
	}
	return keys
}

// previousSpan is the time that rows are compared with; nil if they are not.
func (r *rankQuestion) previousSpan() *wire.Span {
	if !r.compare {
		return nil
	}
	return r.previous().wire()
}

func (s *Server) ranking(ctx context.Context, q *query) (wire.Ranking, error) {
	dimension, r := q.choice("dimension"), s.rankQuestion(ctx, q)
	if slices.ContainsFunc(sessionFilters(), func(p param) bool { return q.has(p.name) }) {
		filter := s.sessionQuery(ctx, q)
		r.filter = &filter
	}
	if q.err != nil {
		return wire.Ranking{}, q.err
	}
	rows, estimated, err := s.rank(ctx, dimension, r)
	if err != nil {
		return wire.Ranking{}, err
	}
	return wire.Ranking{
		Dimension: dimension, OrderBy: r.orderBy, Source: r.source(), Rows: rows, Estimated: estimated,
		Span: r.wire(), Previous: r.previousSpan(),
	}, nil
}

func (s *Server) getRanking(_ http.ResponseWriter, r *http.Request, q *query) (any, error) {
	return s.ranking(r.Context(), q)
}

// rankKey is a key as clients see it, storedKey as it is kept: an interface is known by
// its name here, and by its number there.
func (s *Server) rankKey(dimension, key string) string {
	if n, err := strconv.ParseUint(key, 10, 16); dimension == stats.DimensionInterface && err == nil {
		return cmp.Or(s.deps.Points(flow.Point(n)), key)
	}
	return key
}

func (s *Server) storedKey(dimension, key string) string {
	switch dimension {
	case stats.DimensionInterface:
		if p, ok := s.deps.FindPoint(key); ok {
			return strconv.FormatUint(uint64(p), 10)
		}
	case stats.DimensionIP:
		if a, err := netip.ParseAddr(key); err == nil {
			return a.Unmap().String()
		}
	case stats.DimensionCountry, stats.DimensionASN:
		return strings.ToUpper(key)
	}
	return key
}

// countryName is a country's English name.
func countryName(code string) string {
	l := geo.Location{CountryCode: code}
	l.Complete()
	return l.Country
}
