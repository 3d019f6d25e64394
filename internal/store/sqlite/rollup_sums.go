package sqlite

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// keySums sums one measure by key.
type keySums struct {
	at   map[string]int
	list []keySum
}

type keySum struct {
	key string
	sum int64
}

// addPacked adds texts such as "1500 8 10.0.0.1": the measure, the key's length, the key.
func (s *keySums) addPacked(packed []byte) error {
	for rest := packed; len(rest) > 0; {
		value, rest2, _ := bytes.Cut(rest, []byte(" "))
		length, key, _ := bytes.Cut(rest2, []byte(" "))
		sum, errValue := strconv.ParseInt(string(value), 10, 64)
		n, errLength := strconv.Atoi(string(length))
		if errValue != nil || errLength != nil || n > len(key) {
			return fmt.Errorf("roll-ups: %.40q is no measure and key", rest)
		}
		s.add(key[:n], sum)
		rest = key[n:]
	}
	return nil
}

func (s *keySums) add(key []byte, sum int64) {
	i, known := s.at[string(key)]
	if !known {
		i = len(s.list)
		s.list = append(s.list, keySum{key: string(key)})
		s.at[s.list[i].key] = i
	}
	s.list[i].sum += sum
}

// largest returns the keys with the largest sums, ties by key.
func (s *keySums) largest(n int) []string {
	order := func(a, b keySum) int { return cmp.Or(cmp.Compare(b.sum, a.sum), cmp.Compare(a.key, b.key)) }
	top := make([]keySum, 0, min(n, len(s.list))+1)
	for _, k := range s.list {
		if len(top) == n && order(k, top[n-1]) > 0 {
			continue
		}
		i, _ := slices.BinarySearchFunc(top, k, order)
		top = slices.Insert(top, i, k)
		top = top[:min(n, len(top))]
	}
	keys := make([]string, len(top))
	for i := range top {
		keys[i] = top[i].key
	}
	return keys
}
