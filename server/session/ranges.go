package session

import (
	"slices"
	"sort"

	"github.com/sockjax/sockjax/protocol"
)

// ranges is a set of keys, kept as the runs that have no gap: in ascending
// order, with a gap between any two. Clients count their keys up, so that a
// set of millions is one run.
type ranges []run

// A run is all keys from first to last.
type run struct{ first, last protocol.Key }

// find is the index of the first run that ends at key or behind it.
func (r ranges) find(key protocol.Key) int {
	return sort.Search(len(r), func(i int) bool { return r[i].last >= key })
}

func (r ranges) has(key protocol.Key) bool {
	i := r.find(key)
	return i < len(r) && r[i].first <= key
}

// add adds a key. It returns false if the set has it.
func (r *ranges) add(key protocol.Key) bool {
	s := *r
	if n := len(s); n == 0 || key > s[n-1].last { // the usual key
		if n > 0 && key == s[n-1].last+1 {
			s[n-1].last = key
		} else {
			*r = append(s, run{key, key})
		}
		return true
	}
	i := s.find(key)
	if s[i].first <= key {
		return false
	}
	joinsLeft := i > 0 && s[i-1].last+1 == key
	joinsRight := s[i].first == key+1
	switch {
	case joinsLeft && joinsRight:
		s[i-1].last = s[i].last
		*r = slices.Delete(s, i, i+1)
	case joinsLeft:
		s[i-1].last = key
	case joinsRight:
		s[i].first = key
	default:
		*r = slices.Insert(s, i, run{key, key})
	}
	return true
}
