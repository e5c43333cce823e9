//go:build !js

package client_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/sockjax/sockjax/client"
	"github.com/sockjax/sockjax/server"
)

// A reply that comes in parts, a body that is read as it comes, and a topic.
func ExampleClient_Stream() {
	api := server.NewMux()
	api.Handle("count", server.StreamFunc(func(_ context.Context, in struct{ To int }, send func(int) error) (string, error) {
		for i := range in.To {
			if err := send(i + 1); err != nil { // it waits for a slow reader
				return "", err
			}
		}
		return "done", nil
	}))
	api.HandleFunc("weigh", func(_ context.Context, r *server.Request) (any, error) {
		return io.Copy(io.Discard, r.Body)
	})
	topics := server.NewTopics(nil)
	web := httptest.NewServer(server.New(api, &server.Options{Topics: topics}))
	defer web.Close()

	ctx := context.Background()
	c, err := client.Dial(ctx, web.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	count := c.Stream(ctx, map[string]any{"api": "count", "to": 3})
	for part, err := range count.Parts() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("part", string(part))
	}
	var reply string
	if err := count.Reply(&reply); err != nil {
		log.Fatal(err)
	}
	fmt.Println(reply)

	var bytes int
	body := client.Body(strings.NewReader("of any size"))
	if err := c.Request(ctx, map[string]any{"api": "weigh"}, &bytes, body); err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes, "bytes")

	if _, err := topics.Publish(ctx, "news", "the first"); err != nil {
		log.Fatal(err)
	}
	heard := make(chan client.Message)
	everything := &client.SubscribeOptions{Since: &client.Position{}} // that the server still has
	off, err := c.Subscribe("news", func(m client.Message) { heard <- m }, everything)
	if err != nil {
		log.Fatal(err)
	}
	defer off()
	m := <-heard
	fmt.Println(m.Topic, m.Offset, string(m.Data))

	// Output:
	// part 1
	// part 2
	// part 3
	// done
	// 11 bytes
	// news 1 "the first"
}
