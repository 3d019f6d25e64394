package sqlite

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"netflow-monitor/internal/stats"
)

const (
	// indexedIPs is from how many addresses on sorting them in SQLite takes too long.
	indexedIPs = 20_000
	// staleIPs is how many changed addresses are read again one by one; beyond it, all are.
	staleIPs = 50_000
	// ipIndexIdle is how long the index of more than keptIPs addresses is kept without a
	// question. It takes about 90 bytes an address.
	ipIndexIdle = 10 * time.Minute
	keptIPs     = 200_000
)

// ipIndex orders many addresses by any column. Each column is a 32-bit code a row that
// orders as the value does; those few that can't be told apart by it are told apart by
// their rows. It is made by the first question, and follows what is written.
type ipIndex struct {
	mu         sync.Mutex // guards what follows; held while a question is answered
	generation uint64
	elsewhere  int64   // of deletedElsewhere
	base       ipTable // in the order of the keys
	fresh      ipTable // came later, in no order
	places     map[ipKey]int
	entries    []ipEntry

	noting sync.Mutex // guards what follows
	// changed are the addresses written since they were read; nil: nobody asks.
	changed map[ipKey]struct{}
	used    time.Time
}

// ipEntry is a row that matches: of base, or from -1 down of fresh.
type ipEntry struct {
	code uint32
	row  int32
}

// note remembers what is written, so that the next question reads it again.
func (x *ipIndex) note(ips []stats.IP) {
	x.noting.Lock()
	defer x.noting.Unlock()
	if x.changed == nil {
		return
	}
	if len(x.changed) > 2*staleIPs {
		x.changed = nil
		return
	}
	for i := range ips {
		var k ipKey
		copy(k[:], addrKey(ips[i].Addr))
		x.changed[k] = struct{}{}
	}
}

// forget frees a large index once nobody has asked for long.
func (x *ipIndex) forget() {
	if !x.mu.TryLock() {
		return // somebody asks
	}
	defer x.mu.Unlock()
	x.noting.Lock()
	defer x.noting.Unlock()
	if len(x.base.keys) > keptIPs && time.Since(x.used) > ipIndexIdle {
		x.changed = nil
		x.base.release()
		x.fresh, x.places, x.entries = ipTable{}, nil, nil
	}
}

// close frees the index.
func (x *ipIndex) close() {
	x.drop()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.base.release()
}

// drop makes the next question begin anew.
func (x *ipIndex) drop() {
	x.noting.Lock()
	x.changed = nil
	x.noting.Unlock()
}

// take returns the changed addresses; all is true if there are too many of them, or none
// are known. From here on changes are noted.
func (x *ipIndex) take() (changed []ipKey, all bool) {
	x.noting.Lock()
	defer x.noting.Unlock()
	all = x.changed == nil || len(x.changed) > staleIPs
	if !all {
		for k := range x.changed {
			changed = append(changed, k)
		}
	}
	x.changed, x.used = make(map[ipKey]struct{}), time.Now()
	return changed, all
}

// indexedIPs answers a question about many addresses.
func (s *Store) indexedIPs(ctx context.Context, q *stats.IPQuery, column int) (list []stats.IP, total int, err error) {
	x := &s.ips
	x.mu.Lock()
	defer x.mu.Unlock()
	generation := s.generation.number.Load()
	elsewhere, err := s.deletedElsewhere(ctx)
	if err != nil {
		return nil, 0, err
	}
	changed, all := x.take()
	// Too many that came later are slow to look through, and lie on the heap.
	many := len(x.fresh.keys) > max(staleIPs, len(x.base.keys)/4)
	if all || many || generation != x.generation || elsewhere != x.elsewhere {
		x.generation, x.elsewhere = generation, elsewhere
		err = s.buildIPIndex(ctx)
	} else {
		err = s.readIPs(ctx, changed, x.put)
	}
	if err != nil {
		x.drop()
		return nil, 0, err
	}
	total = x.match(q, column)
	keys, skip, count, long := x.page(q, column)
	if err := s.readIPs(ctx, keys, func(p *stats.IP) { list = append(list, *p) }); err != nil {
		return nil, 0, err
	}
	// Exactly, now that the values are known; what only shared a code is cut off.
	slices.SortFunc(list, func(a, b stats.IP) int {
		if q.Descending {
			a, b = b, a
		}
		left, right := ipCodeOf(column, &a), ipCodeOf(column, &b)
		if left == right && long[left] {
			return a.Addr.Compare(b.Addr)
		}
		return cmp.Or(ipOrders[column].Compare(&a, &b), a.Addr.Compare(b.Addr))
	})
	list = list[min(skip, len(list)):]
	return list[:min(count, len(list))], total, nil
}

func (s *Store) buildIPIndex(ctx context.Context) (err error) {
	x := &s.ips
	var n int
	if err := s.reader.QueryRowContext(ctx, countSQL(countIPs)).Scan(&n); err != nil {
		return err
	}
	x.base.release()
	if x.base, err = newIPTable(n); err != nil {
		return err
	}
	x.places = make(map[ipKey]int)
	if x.fresh, err = newIPTable(0); err != nil {
		return err
	}
	rows, err := s.reader.QueryContext(ctx, "SELECT "+strings.Join(readIPColumns, ",")+" FROM ip_statistics ORDER BY ip_key")
	if err != nil {
		return err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		p, err := scanIP(rows)
		if err != nil {
			return err
		}
		x.base.add(&p)
	}
	return rows.Err()
}

// readIPs reads some rows; use gets those that are there, in any order.
func (s *Store) readIPs(ctx context.Context, keys []ipKey, use func(*stats.IP)) (err error) {
	if len(keys) == 0 {
		return nil
	}
	texts := make([]string, len(keys))
	for i := range keys {
		texts[i] = hex.EncodeToString(keys[i].bytes())
	}
	list, err := json.Marshal(texts)
	if err != nil {
		return err
	}
	rows, err := s.reader.QueryContext(ctx, "SELECT "+strings.Join(readIPColumns, ",")+
		" FROM ip_statistics WHERE ip_key IN (SELECT unhex(value) FROM json_each(?))", string(list))
	if err != nil {
		return err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		p, err := scanIP(rows)
		if err != nil {
			return err
		}
		use(&p)
	}
	return rows.Err()
}

// put brings an address up to date, or adds it.
func (x *ipIndex) put(p *stats.IP) {
	var k ipKey
	copy(k[:], addrKey(p.Addr))
	if row, ok := slices.BinarySearchFunc(x.base.keys, k, ipKey.compare); ok {
		x.base.set(row, p)
		return
	}
	row, ok := x.places[k]
	if !ok {
		x.places[k] = len(x.fresh.keys)
		x.fresh.add(p)
		return
	}
	x.fresh.set(row, p)
}

// match collects the entries of all rows that the query selects.
func (x *ipIndex) match(q *stats.IPQuery, column int) int {
	first, end := 0, len(x.base.keys)
	inNetwork := func(ipKey) bool { return true }
	if q.Network.IsValid() {
		var low, high ipKey
		lowest, highest := prefixRange(q.Network)
		copy(low[:], lowest)
		copy(high[:], highest)
		inNetwork = func(k ipKey) bool { return k.compare(low) >= 0 && k.compare(high) <= 0 }
		first, _ = slices.BinarySearchFunc(x.base.keys, low, ipKey.compare)
		end, _ = slices.BinarySearchFunc(x.base.keys, high, func(k, high ipKey) int {
			if k.compare(high) <= 0 {
				return -1
			}
			return 1
		})
	}
	x.entries = x.entries[:0]
	for row := first; row < end; row++ {
		if q.Local == nil || x.base.local[row] == *q.Local {
			x.entries = append(x.entries, ipEntry{x.base.codes[column][row], int32(row)})
		}
	}
	for row, k := range x.fresh.keys {
		if inNetwork(k) && (q.Local == nil || x.fresh.local[row] == *q.Local) {
			x.entries = append(x.entries, ipEntry{x.fresh.codes[column][row], int32(^row)})
		}
	}
	return len(x.entries)
}

func (x *ipIndex) key(row int32) ipKey {
	if row < 0 {
		return x.fresh.keys[^row]
	}
	return x.base.keys[row]
}

// runLimit bounds how many rows that share a code with one of the page are read to order
// them exactly. Where there are more, as after a scan of which many addresses are seen in
// the same moment, they are in the order of the addresses.
const runLimit = 2000

// page returns the keys of the count rows on the page, and of those that share a code with
// its first or last row if that does not tell which belongs on it; skip is how many of these
// come before the page. Rows of the codes in long are in the order of their keys.
func (x *ipIndex) page(q *stats.IPQuery, column int) (keys []ipKey, skip, count int, long map[uint32]bool) {
	compare := func(a, b ipEntry) int {
		if a.code == b.code {
			return x.key(a.row).compare(x.key(b.row))
		}
		return cmp.Compare(a.code, b.code)
	}
	if q.Descending {
		ascending := compare
		compare = func(a, b ipEntry) int { return ascending(b, a) }
	}
	from := min(max(q.Offset, 0), len(x.entries))
	to := len(x.entries)
	if q.Limit > 0 {
		to = min(from+q.Limit, to)
	}
	if from == to {
		return nil, 0, 0, nil
	}
	first := selectFirst(x.entries, min(to+runLimit, len(x.entries)), compare)
	inexact := func(e ipEntry) bool {
		return e.code >= 1<<exactBits || strings.HasSuffix(ipOrders[column].Name, "_seen")
	}
	long = make(map[uint32]bool)
	for _, e := range []ipEntry{first[from], first[to-1]} {
		long[e.code] = !inexact(e) || x.sharing(e.code) > runLimit
	}
	begin, end := from, to
	for begin > 0 && !long[first[from].code] && first[begin-1].code == first[from].code {
		begin--
	}
	for end < len(first) && !long[first[to-1].code] && first[end].code == first[to-1].code {
		end++
	}
	keys = make([]ipKey, 0, end-begin)
	for _, e := range first[begin:end] {
		keys = append(keys, x.key(e.row))
	}
	return keys, from - begin, to - from, long
}

// sharing counts the entries with a code.
func (x *ipIndex) sharing(code uint32) (n int) {
	for _, e := range x.entries {
		if e.code == code {
			n++
		}
	}
	return n
}

// selectFirst sorts the first n entries to the front.
func selectFirst(entries []ipEntry, n int, compare func(a, b ipEntry) int) []ipEntry {
	// Cutting to those that come before a sampled one leaves few to sort.
	for len(entries) > 4*n+1000 {
		sample := make([]ipEntry, 0, 1001)
		for i := 0; i < len(entries); i += len(entries)/1000 + 1 {
			sample = append(sample, entries[i])
		}
		slices.SortFunc(sample, compare)
		at := min(len(sample)-1, 2*n*len(sample)/len(entries)+8)
		limit, kept := sample[at], 0
		for i, e := range entries {
			if compare(e, limit) <= 0 {
				entries[kept], entries[i] = e, entries[kept]
				kept++
			}
		}
		if kept < n || kept == len(entries) {
			break
		}
		entries = entries[:kept]
	}
	slices.SortFunc(entries, compare)
	return entries[:n]
}
