// Package fetch answers POSTs with what they bring, and serves the page too:
// a fetch to another origin would cost a second request each.
package fetch

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/sockjax/sockjax/bench/peers/serve"
	"github.com/sockjax/sockjax/bench/site"
)

// Start serves without encryption, over HTTP/1.1.
func Start() (string, error) { return serve.HTTP(handler()) }

// StartHTTP2 serves with a certificate that nobody signed: browsers speak
// HTTP/2 over TLS alone.
func StartHTTP2() (string, error) {
	certificate, err := selfSigned()
	if err != nil {
		return "", err
	}
	listener, err := serve.Listen()
	if err != nil {
		return "", err
	}
	server := &http.Server{
		Handler:           handler(),
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}},
	}
	go server.ServeTLS(listener, "", "") // until the process ends
	return listener.Addr().String(), nil
}

func handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", site.Handler(os.Getenv(site.Env)))
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, serve.MaxMessage)); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body.Bytes()) // to a browser that may have gone
	})
	mux.HandleFunc("GET /download", func(w http.ResponseWriter, r *http.Request) {
		left, _ := strconv.Atoi(r.FormValue("bytes"))
		w.Header().Set("Content-Length", strconv.Itoa(left))
		chunk := make([]byte, 64<<10)
		for ; left > 0; left -= len(chunk) {
			if _, err := w.Write(chunk[:min(left, len(chunk))]); err != nil {
				return // the browser has gone
			}
		}
	})
	mux.HandleFunc("POST /upload", func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body) // the page compares
		_, _ = fmt.Fprintf(w, `{"bytes":%d}`, n)
	})
	return mux
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("failed to make a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("failed to make a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
