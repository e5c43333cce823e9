package protocol_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// closeCodes are the codes that close.go names, and their names.
func closeCodes(t *testing.T) map[protocol.CloseCode]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "close.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[protocol.CloseCode]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "CloseCode" {
			code := protocol.CloseCode(atoi(t, spec.Values[0].(*ast.BasicLit).Value))
			if codes[code] != "" {
				t.Errorf("%d has two names", code)
			}
			codes[code] = spec.Names[0].Name
		}
		return true
	})
	if len(codes) == 0 {
		t.Fatal("close.go names no codes")
	}
	return codes
}

// page is PROTOCOL.md, of which these tests hold each number to the code.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPageCloseCodes(t *testing.T) {
	_, section, _ := strings.Cut(page(t), "\n### Close codes\n")
	section, _, _ = strings.Cut(section, "\n### ")
	codes := closeCodes(t)
	seen := map[protocol.CloseCode]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| *(\d.*?) *\|(.*)\|$`).FindAllStringSubmatch(section, -1) {
		code := protocol.CloseCode(atoi(t, row[1]))
		cells := strings.Split(row[2], "|")
		fatal := strings.TrimSpace(cells[len(cells)-1])
		if fatal != "yes" && fatal != "no" {
			t.Errorf("PROTOCOL.md: %d is neither fatal nor not: %q", code, fatal)
		}
		if code.Fatal() != (fatal == "yes") {
			t.Errorf("Fatal of %d is %t, PROTOCOL.md says %s", code, code.Fatal(), fatal)
		}
		if seen[code] {
			t.Errorf("PROTOCOL.md has %d twice", code)
		}
		if codes[code] == "" {
			t.Errorf("PROTOCOL.md has %d, close.go has not", code)
		}
		seen[code] = true
	}
	for code, name := range codes {
		if !seen[code] {
			t.Errorf("close.go has %s (%d), PROTOCOL.md's table has not", name, code)
		}
	}
	for _, cited := range regexp.MustCompile(`(?:with|code) (\d{4})\b`).FindAllStringSubmatch(page(t), -1) {
		if codes[protocol.CloseCode(atoi(t, cited[1]))] == "" {
			t.Errorf("PROTOCOL.md cites %s, close.go has not", cited[1])
		}
	}
}

func TestPageNumbers(t *testing.T) {
	text := page(t)
	for _, c := range []struct {
		name, pattern string
		want          any
	}{
		{"FirstFrame", `\*\*([\d,]+) bytes a frame and`, protocol.FirstFrame},
		{"FirstRequests", `bytes a frame and (\d+) requests in flight\*\*`, protocol.FirstRequests},
		{"MaxDepth", `nested deeper than (\d+) levels`, protocol.MaxDepth},
		{"MaxReason", `reason is at most (\d+) bytes`, protocol.MaxReason},
		{"Handshake", `waits (\d+) s for the hello`, protocol.Handshake.Seconds()},
		{"Heartbeat", `its own (\d+) s or the server's`, protocol.Heartbeat.Seconds()},
		{"Heartbeat", `heartbeat, after (\d+) s of silence`, protocol.Heartbeat.Seconds()},
		{"Heartbeat", `"heartbeat":(\d+)`, protocol.Heartbeat.Milliseconds()},
		{"Idle", `nothing has come for (\d+) s`, protocol.Idle.Seconds()},
		{"Subprotocol", "offers the subprotocol `([^`]+)`", protocol.Subprotocol},
		{"Subprotocol", "^## ([a-z]+\\.\\d)$", protocol.Subprotocol},
		{"Ping", "`([^`]+)`, four letters and no JSON", protocol.Ping},
		{"Pong", "whoever receives it answers `([^`]+)`", protocol.Pong},
		{"Overloaded", "^\\| `([^`]+)` \\| more requests in flight", protocol.Overloaded},
		{"Invalid", "^\\| `([^`]+)` \\| `data` is nested", protocol.Invalid},
		{"Invalid", "in flight already is refused as `([^`]+)`", protocol.Invalid},
	} {
		found := regexp.MustCompile("(?m)"+c.pattern).FindAllStringSubmatch(text, -1)
		if found == nil {
			t.Errorf("PROTOCOL.md no longer names %s: %s", c.name, c.pattern)
		}
		for _, match := range found {
			if got := strings.ReplaceAll(match[1], ",", ""); got != fmt.Sprint(c.want) {
				t.Errorf("%s is %v, PROTOCOL.md says %s", c.name, c.want, match[0])
			}
		}
	}
	power := regexp.MustCompile(`integer from 1 to 2\^(\d+)−1`).FindStringSubmatch(text)
	if power == nil || protocol.MaxKey != 1<<atoi(t, power[1])-1 {
		t.Errorf("MaxKey is %d, PROTOCOL.md says %q", protocol.MaxKey, power)
	}
}

// TestPageKinds holds the page's order of the members that name a message to
// the order of the kinds, which is the reader's.
func TestPageKinds(t *testing.T) {
	var names []string
	for kind := protocol.Unknown + 1; kinds[kind] != ""; kind++ {
		names = append(names, kinds[kind])
	}
	last := len(names) - 1
	want := "the first of " + strings.Join(names[:last], ", ") + " and " + names[last] + " decides"
	if !strings.Contains(page(t), want) {
		t.Errorf("PROTOCOL.md does not say %q", want)
	}
}

// TestPageExamples reads each frame of PROTOCOL.md's sockjax.1 transcripts.
func TestPageExamples(t *testing.T) {
	frames := regexp.MustCompile(`(?m)^[<>] (\[.*)$`).FindAllStringSubmatch(page(t), -1)
	if len(frames) == 0 {
		t.Fatal("PROTOCOL.md holds no frame")
	}
	for _, frame := range frames {
		r := protocol.NewReader([]byte(frame[1]))
		for r.Next() {
			var err error
			switch m := r.Message(); m.Kind {
			case protocol.HelloKind:
				_, err = m.Hello()
			case protocol.WelcomeKind:
				_, err = m.Welcome()
			case protocol.ErrorKind, protocol.RefusedKind:
				_, err = m.Error()
			case protocol.TokenKind:
				if _, err = m.Token(); err != nil {
					_, err = m.Authorized()
				}
			case protocol.Unknown:
				err = fmt.Errorf("a message is unknown")
			}
			if err != nil {
				t.Errorf("%s: %v", frame[1], err)
			}
		}
		if r.Err() != nil {
			t.Errorf("%s: %v", frame[1], r.Err())
		}
	}
}
