package engine

// sizes is what connections that were closed with 1009 have taught: how large a
// frame may be for the server, and for all that lies on the way to it. What one
// has closed, the next will close. So it stays known until Reconnect.
type sizes struct {
	most    int  // what a frame may have; a larger request is tried alone; 0: no 1009 has come
	tooMuch int  // one of this size does not get through; 0: none is known
	alone   bool // not even frames of leastFrame pass: each has one request
	closes  int  // connections closed so, without an outcome in between
}

const (
	// leastFrame is what most never falls below.
	leastFrame = 1 << 10

	// maxCloses is how many such closes in a row may be our frames' fault: after
	// so many they are as small as they get, and what is too large by itself is
	// found.
	maxCloses = 10
)

// learn draws the lesson from a connection that was closed with 1009.
// suspected is the size of the largest frame that may be why, 0 if there is
// none. It reports whether our frames were to blame: otherwise it was the
// server's, on its way to us.
func (s *sizes) learn(suspected int) bool {
	s.closes++
	if suspected == 0 || s.closes > maxCloses {
		*s = sizes{}
		return false
	}
	s.alone = s.alone || s.most == leastFrame
	if most := max(suspected/4, leastFrame); s.most == 0 || most < s.most {
		s.most = most
	}
	return true
}

// known notes that a frame with a single request of this size does not get
// through.
func (s *sizes) known(size int) {
	s.tooMuch, s.closes = size, 0
	if s.most >= size {
		s.most = max(size/2, leastFrame)
	}
}

// fits notes that a frame of this size has got through.
func (s *sizes) fits(size int) {
	if s.most > 0 {
		s.most = max(s.most, size)
	}
}

// dubious reports whether a frame of this size may not get through.
func (s *sizes) dubious(size int) bool { return s.most > 0 && size > s.most }

// forbid reports whether a frame with a single request of this size is known
// not to get through.
func (s *sizes) forbid(size int) bool { return s.tooMuch > 0 && size >= s.tooMuch }

// limit is what a frame may have, where it otherwise might have more.
func (s *sizes) limit(otherwise int) int {
	if s.most > 0 {
		return min(s.most, otherwise)
	}
	return otherwise
}
