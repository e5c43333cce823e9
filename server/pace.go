package server

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// A pace is the rate limit of a connection. The zero value has no limit.
type pace struct {
	limiter  *rate.Limiter
	promised time.Time // when the last request that was refused is to come again
}

// maxAfter is the longest time after which a refused request is to come again.
const maxAfter = time.Minute

func (p *pace) init(o *Options) {
	if o.Rate > 0 {
		p.limiter = rate.NewLimiter(rate.Limit(o.Rate), o.Burst)
	}
}

// request takes a token for a request. If there is none, it returns when to
// come again, for each request another time: at the same one all but a few
// would be refused once more.
func (p *pace) request() (after time.Duration) {
	if p.limiter == nil {
		return 0
	}
	now := time.Now()
	if p.limiter.AllowN(now, 1) {
		return 0
	}
	perToken := time.Duration(float64(time.Second) / float64(p.limiter.Limit()))
	at := now.Add(time.Duration((1 - p.limiter.TokensAt(now)) * float64(perToken)))
	if next := p.promised.Add(perToken); at.Before(next) {
		at = next
	}
	if latest := now.Add(maxAfter); at.After(latest) {
		at = latest
	}
	p.promised = at
	return at.Sub(now)
}

// wait takes a token for anything else, and waits for it if there is none.
func (p *pace) wait(ctx context.Context) {
	if p.limiter != nil {
		p.limiter.Wait(ctx) // it fails only when the connection is being closed
	}
}
