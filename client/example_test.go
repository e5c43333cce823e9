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
