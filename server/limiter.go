package server

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// A limiter is the rate limit of a connection. The zero value has no limit.
type limiter struct {
	tokens   *rate.Limiter
	promised time.Time // when the last request that was refused is to come again
}

// maxAfter is the longest time after which a refused request is to come again.
const maxAfter = time.Minute

func (l *limiter) init(o *Options) {
	if o.Rate > 0 {
		l.tokens = rate.NewLimiter(rate.Limit(o.Rate), o.Burst)
	}
}

// request takes a token for a request. If there is none, it returns when to
// come again, for each request another time: at the same one all but a few
// would be refused once more.
func (l *limiter) request() (after time.Duration) {
	if l.tokens == nil {
		return 0
	}
	now := time.Now()
	if l.tokens.AllowN(now, 1) {
		return 0
	}
	perToken := time.Duration(float64(time.Second) / float64(l.tokens.Limit()))
	at := now.Add(time.Duration((1 - l.tokens.TokensAt(now)) * float64(perToken)))
	if next := l.promised.Add(perToken); at.Before(next) {
		at = next
	}
	if latest := now.Add(maxAfter); at.After(latest) {
		at = latest
	}
	l.promised = at
	return at.Sub(now)
}

// wait takes a token for anything else, and waits for it if there is none.
func (l *limiter) wait(ctx context.Context) {
	if l.tokens != nil {
		l.tokens.Wait(ctx) // it fails only when the connection is being closed
	}
}
