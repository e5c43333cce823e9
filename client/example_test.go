//go:build !js

package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/sockjax/sockjax/client"
)

func ExampleDial() {
	url := client.DemoURL() // ws://localhost:8282/ws, say

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := client.Dial(ctx, url, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	var reply struct{ Text string }
	err = c.Request(ctx, map[string]string{"api": "echo", "text": "hi"}, &reply)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reply.Text)

	err = c.Request(ctx, map[string]string{"api": "fail"}, nil)
	var rejection *client.Rejection
	if errors.As(err, &rejection) {
		fmt.Println(rejection.Reason, string(rejection.Data))
	}

	// Sent again, should the connection be lost before the reply has come.
	err = c.Request(ctx, map[string]string{"api": "echo"}, nil, client.Idempotent())
	fmt.Println(err)

	// Output:
	// hi
	// out_of_tea {"pots":0}
	// <nil>
}

// What to do about a call that has failed depends on whether it has run.
func ExampleClient_Request_errors() {
	c, err := client.Dial(context.Background(), client.DemoURL(), &client.DialOptions{Timeout: time.Second})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	for _, api := range []string{"fail", "refuse", "never"} {
		err := c.Request(context.Background(), map[string]string{"api": api}, nil)
		var failure *client.Error
		if !errors.As(err, &failure) {
			log.Fatal(err) // there is a reply, which could not be decoded
		}
		switch failure.Fate {
		case client.Unsent:
			fmt.Println(api, "has not run: it may be made again")
		case client.Executed:
			fmt.Println(api, "has run, and failed")
		case client.Unknown:
			fmt.Println(api, "may have run:", failure.Code)
		}
		var refusal *client.Refusal
		if errors.As(err, &refusal) {
			fmt.Println("the server says:", refusal.Reason)
		}
	}

	// Output:
	// fail has run, and failed
	// refuse has not run: it may be made again
	// the server says: overloaded
	// never may have run: timeout
}

// A client that says who it is, keeps calls for a day while it is offline, and
// tells what the connection does.
func ExampleDialOptions() {
	c, err := client.Dial(context.Background(), client.DemoURL(), &client.DialOptions{
		Options: client.Options{
			Reconnect: client.Reconnect{Max: time.Minute},
			Queue:     client.Queue{Calls: 100_000, Bytes: 64 << 20},
		},
		Timeout: 24 * time.Hour,
		Token:   func(context.Context) (string, error) { return "from a file, or a server", nil },
		OnChange: func(change client.Change) {
			if change.State == client.StateWaiting {
				log.Printf("offline: %s; next attempt in %v", change.Reason, change.Delay)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println(c.State())

	// Output: open
}
