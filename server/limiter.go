package server

import (
	"time"

	"golang.org/x/time/rate"
)

// A limiter is the rate limit of a connection. It never delays the reader, which
// must notice a client that has died: requests beyond the limit are refused, and
// a client that sends more of anything else than it can have reason to is cut
// off. The zero value has no limit.
type limiter struct {
	requests *rate.Limiter // nil: there is no limit
	promised time.Time     // when the last request that was refused may come again
	others   *rate.Limiter // messages that are no requests
	credit   int           // how many more of these the requests have paid for
	most     int           // what credit may be
	tokens   *rate.Limiter // fresh tokens, which cost a call of Authenticate
}

const (
	// maxAfter is the longest time after which a refused request may come again.
	maxAfter = time.Minute

	// paidFor is what each request pays for, whether it runs or is refused: its
	// cancel, and an ack of its outcome.
	paidFor = 2

	// A client that was cut off may come back with so many cancels, as many as
	// the Go client stores, of requests that other connections have paid for.
	// They are also enough for acks of what is replayed.
	othersBurst = 10_000

	// Every second it may send so many messages that no request has paid for,
	// and those that keep to Options.Heartbeat: a page pings when it is shown,
	// comes online or wakes up.
	othersRate = 10

	// A client asks for no fresh token before the last one was answered, nor
	// sooner than after a second.
	tokensRate  = 2
	tokensBurst = 10
)

func (l *limiter) init(o *Options) {
	if o.Rate == 0 {
		return
	}
	l.requests = rate.NewLimiter(rate.Limit(o.Rate), o.Burst)
	l.most = paidFor * o.MaxRequests
	l.others = rate.NewLimiter(othersRate+2*rate.Every(o.Heartbeat), othersBurst)
	l.tokens = rate.NewLimiter(tokensRate, tokensBurst)
}

// request counts a request. If there are too many, it returns when this one may
// come again, for each another time: at the same one all but a few would be
// refused once more.
func (l *limiter) request() (after time.Duration) {
	if l.requests == nil {
		return 0
	}
	l.credit = min(l.credit+paidFor, l.most)
	now := time.Now()
	if l.requests.AllowN(now, 1) {
		return 0
	}
	each := time.Duration(float64(time.Second) / float64(l.requests.Limit()))
	at := now.Add(time.Duration((1 - l.requests.TokensAt(now)) * float64(each)))
	if next := l.promised.Add(each); at.Before(next) {
		at = next
	}
	if latest := now.Add(maxAfter); at.After(latest) {
		at = latest
	}
	l.promised = at
	return at.Sub(now)
}

// other counts a message that is no request. It returns false if there are too
// many of them.
func (l *limiter) other() bool {
	if l.requests == nil {
		return true
	}
	if l.credit > 0 {
		l.credit--
		return true
	}
	return l.others.Allow()
}

// token counts a fresh token as well.
func (l *limiter) token() bool { return l.requests == nil || l.tokens.Allow() }
