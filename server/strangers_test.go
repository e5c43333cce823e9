package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// However many sessions strangers open and leave, each of them is somebody
// else's than the victim's, and the victim can resume its own: as long as they
// are strangers of one principal or of one network.
func TestStrangersForgetTheirOwnSessions(t *testing.T) {
	const strangers = 6
	store := func() server.SessionStore {
		return server.NewMemoryStore(&server.MemoryStoreOptions{MaxSessions: 5})
	}
	t.Run("by principal", func(t *testing.T) {
		f := serve(t, echo, &server.Options{Sessions: store(), Authenticate: byToken})
		enter := func(id, token string, resume bool) *peer {
			p := f.dial(t, protocol.Subprotocol)
			h := strings.Replace(as(token), session, id, 1)
			if !resume {
				h = strings.Replace(h, `"resume":true`, `"resume":false`, 1)
			}
			p.send("[" + h + "]")
			p.wantWelcome(resume, 0)
			return p
		}
		f.cut(enter(session, "victim", false))
		for i := range strangers {
			f.cut(enter(sessionID(i), "stranger", false))
		}
		enter(session, "victim", true)
	})
	t.Run("by network", func(t *testing.T) {
		f := serve(t, echo, &server.Options{Sessions: store()})
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.RemoteAddr = r.URL.Query().Get("from")
			f.ServeHTTP(w, r)
		}))
		defer web.Close()
		from := func(addr string) *fixture {
			return &fixture{Server: f.Server, url: web.URL + "?from=" + addr, log: f.log}
		}
		f.cut(from("192.0.2.1:1").open(t))
		for i, addr := range []string{"[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::2]:2", "[2001:db8::3:0:0:1]:1", "[2001:db8::a]:1", "[2001:db8::b]:1"} {
			f.cut(from(addr).openAs(t, sessionID(i)))
		}
		from("192.0.2.1:2").comeBack(t, 0, true, 0)
	})
}
