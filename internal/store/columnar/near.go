package columnar

import (
	"slices"

	"netflow-monitor/internal/stats"
)

// near leaves out rows that can't be on the page.
func (s *search) near(rows []uint16) ([]uint16, error) {
	word, err := s.order.words(s.view)
	if err != nil {
		return nil, err
	}
	if after := s.query.After; after != nil {
		if rows, err = s.without(rows, word, after.Key, after.ID, !s.query.Descending); err != nil {
			return nil, err
		}
	}
	if s.worst != nil {
		if rows, err = s.without(rows, word, s.worst.key, s.worst.id, s.query.Descending); err != nil {
			return nil, err
		}
	}
	if len(rows) <= s.keep {
		return rows, nil
	}
	return s.firstRows(rows, word)
}

// without leaves out the session with a key and an identifier and those that come behind
// it in a direction, in the search's buffer.
func (s *search) without(rows []uint16, word func(uint16) uint64, key stats.SortKey, id uint64, descending bool) ([]uint16, error) {
	p, err := s.order.at(s.view, key)
	if err != nil {
		return nil, err
	}
	// Needed only where words are equal, and the bounds don't tell them apart from id.
	var ids []uint64
	some := s.view.Bounds[ID]
	apart := some.Most < id || some.Least > id
	kept := s.buffer[:0]
	for _, row := range rows {
		w := word(row)
		if p.behind(w, descending) {
			continue
		}
		if w == p.word && p.exact {
			if ids == nil && !apart {
				if ids, err = s.view.IDs(); err != nil {
					return nil, err
				}
			}
			of := some.Most // any will do where they are apart
			if !apart {
				of = ids[row]
			}
			if of == id || of < id == descending {
				continue
			}
		}
		kept = append(kept, row)
	}
	return kept, nil
}

// firstRows are as many of the rows as the page needs, the first ones in the order of
// word and identifier, but themselves in no order.
func (s *search) firstRows(rows []uint16, word func(uint16) uint64) ([]uint16, error) {
	flip := uint64(0)
	if s.query.Descending {
		flip = ^flip
	}
	words := make([]uint64, len(rows))
	for i, row := range rows {
		words[i] = word(row) ^ flip
	}
	limit := nth(slices.Clone(words), s.keep-1)
	kept := make([]uint16, 0, s.keep)
	var equal []uint16
	for i, row := range rows {
		switch {
		case words[i] < limit:
			kept = append(kept, row)
		case words[i] == limit:
			equal = append(equal, row)
		}
	}
	if len(kept)+len(equal) == s.keep {
		return append(kept, equal...), nil
	}
	ids, err := s.view.IDs()
	if err != nil {
		return nil, err
	}
	tied := make([]uint64, len(equal))
	for i, row := range equal {
		tied[i] = ids[row] ^ flip
	}
	last := nth(slices.Clone(tied), s.keep-len(kept)-1)
	for i, row := range equal {
		if tied[i] <= last {
			kept = append(kept, row)
		}
	}
	return kept, nil
}

// nth is the value that would be at n if the values were sorted; it changes their order.
func nth(values []uint64, n int) uint64 {
	for low, high := 0, len(values)-1; low < high; {
		pivot := values[low+(high-low)/2]
		i, j := low, high
		for i <= j {
			for values[i] < pivot {
				i++
			}
			for values[j] > pivot {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j:
			high = j
		case n >= i:
			low = i
		default:
			return values[n]
		}
	}
	return values[n]
}
