package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	central "github.com/centrifugal/centrifuge-go"
	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/peers/all"
	"github.com/sockjax/sockjax/client"
)

const (
	subscribers = 1000
	messages    = 1000 // a round
)

// subscribersEnv says to this program that it is the subscribers, and of whom.
const subscribersEnv = "BENCH_SUBSCRIBERS"

// fanout publishes to a thousand native clients.
func (b *bench) fanout() error {
	for _, p := range b.streamers(func(p *peers.Peer) bool { return p.Name == ours || p.Name == all.Centrifuge.Name }) {
		rows := []string{"fanout.rate", "fanout.server"}
		if err := b.try(p, "fan-out", rows, func() error { return b.publish(p) }); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) publish(p *peers.Peer) error {
	server, err := b.stage.StartServer(p)
	if err != nil {
		return err
	}
	defer server.Stop()
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("failed to find this program: %w", err)
	}
	cmd := exec.CommandContext(b.ctx, self)
	cmd.Env = append(os.Environ(), subscribersEnv+"="+p.Name+" "+fmt.Sprintf(p.Server.URL, server.Address))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("failed to start the subscribers: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("failed to start the subscribers: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("failed to start the subscribers: %w", err)
	}
	defer func() {
		in.Close()
		cmd.Wait()
	}()
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err != nil { // they are there
		return fmt.Errorf("failed to start the subscribers: %w", err)
	}
	for rep := -1; rep < b.Reps; rep++ {
		before, err := lab.ProcessCPU(server.PID)
		if err != nil {
			return err
		}
		start := time.Now()
		fmt.Fprintln(in, "round")
		response, err := http.Post(fmt.Sprintf("http://%s/publish?n=%d", server.Address, messages), "", nil)
		if err != nil {
			return fmt.Errorf("failed to publish: %w", err)
		}
		response.Body.Close()
		if _, err := lines.ReadString('\n'); err != nil { // all have come
			return fmt.Errorf("failed to receive all: %w", err)
		}
		took := time.Since(start)
		after, err := lab.ProcessCPU(server.PID)
		if err != nil {
			return err
		}
		if rep >= 0 {
			b.add("fanout.rate", p.Name, subscribers*messages/took.Seconds())
			b.add("fanout.server", p.Name, micros(after-before)/(subscribers*messages))
		}
	}
	return nil
}

// runSubscribers turns this program into the subscribers of a server, if it was
// started as that: it says when they are there, and in each round when all
// messages have reached all of them, in order.
func runSubscribers() bool {
	name, url, ok := strings.Cut(os.Getenv(subscribersEnv), " ")
	if !ok {
		return false
	}
	if err := subscribe(name, url, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "subscribers:", err)
		os.Exit(1)
	}
	return true
}

func subscribe(name, url string, in io.Reader, out io.Writer) error {
	open := subscribeCentrifuge
	if name == ours {
		open = subscribeSockjax
	}
	var left atomic.Int64
	complete := make(chan struct{}, 1)
	for range subscribers {
		next := 0
		err := open(url, func(data []byte) {
			var message struct{ I int }
			if err := json.Unmarshal(data, &message); err != nil || message.I != next {
				fmt.Fprintf(os.Stderr, "subscribers: message %s came in place of %d\n", data, next)
				os.Exit(1)
			}
			if next++; next == messages {
				next = 0
			}
			if left.Add(-1) == 0 {
				complete <- struct{}{}
			}
		})
		if err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "there")
	for rounds := bufio.NewScanner(in); rounds.Scan(); {
		if left.Add(subscribers*messages) > 0 {
			<-complete
		}
		fmt.Fprintln(out, "complete")
	}
	return nil
}

func subscribeSockjax(url string, receive func([]byte)) error {
	c, err := client.Dial(context.Background(), url, nil)
	if err != nil {
		return err
	}
	from := &client.SubscribeOptions{Since: &client.Position{}} // the subscription may take a moment
	_, err = c.Subscribe("news", func(m client.Message) { receive(m.Data) }, from)
	return err
}

func lost(code uint32, reason string) {
	fmt.Fprintf(os.Stderr, "subscribers: a connection was lost: %d %s\n", code, reason)
	os.Exit(1)
}

func subscribeCentrifuge(url string, receive func([]byte)) error {
	c := central.NewJsonClient(url, central.Config{})
	s, err := c.NewSubscription("news")
	if err != nil {
		return err
	}
	var there sync.WaitGroup
	there.Add(1)
	s.OnSubscribed(func(central.SubscribedEvent) { there.Done() })
	c.OnDisconnected(func(e central.DisconnectedEvent) { lost(e.Code, e.Reason) })
	c.OnConnecting(func(e central.ConnectingEvent) {
		if e.Code != 0 { // what it has missed would not come again
			lost(e.Code, e.Reason)
		}
	})
	s.OnPublication(func(e central.PublicationEvent) { receive(e.Data) })
	if err := c.Connect(); err != nil {
		return err
	}
	if err := s.Subscribe(); err != nil {
		return err
	}
	there.Wait()
	return nil
}
