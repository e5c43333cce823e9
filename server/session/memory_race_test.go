package session_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server/session"
)

// A handler appends to the only session there is while that is forgotten: the
// session's share of what there is for all must not be divided by no session.
func TestAppendWhileTheOnlySessionIsForgotten(t *testing.T) {
	frame := []byte(strings.Repeat("x", 500))
	for range 300 {
		m := session.NewMemoryStore(&session.MemoryStoreOptions{MaxTotalBytes: 3000})
		s, _ := attach(t, m, "a", false, 0, 0, false)
		var both sync.WaitGroup
		appended := make(chan struct{})
		both.Go(func() {
			for i := range 200 {
				s.Append(ctx, frame, []protocol.Key{protocol.Key(i + 1)}) // or it is forgotten
				if i == 20 {
					close(appended)
				}
			}
		})
		both.Go(func() {
			<-appended
			s.Forget(ctx)
		})
		both.Wait()
		if now := m.Stats(); now != (session.MemoryStoreStats{}) {
			t.Fatalf("there is left %+v", now)
		}
	}
}
