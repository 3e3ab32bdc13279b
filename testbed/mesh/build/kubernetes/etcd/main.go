// An etcd of one member for tests: it listens where it is told to and never waits for the disk.
package main

import (
	"flag"
	"log"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
)

func main() {
	dir := flag.String("data-dir", "", "folder for the data")
	clientURL := flag.String("client-url", "http://127.0.0.1:2379", "URL to serve clients at")
	peerURL := flag.String("peer-url", "http://127.0.0.1:2380", "URL that the member has for peers")
	flag.Parse()

	// The data is kept in memory, where the usual 64 MB for each new segment would be taken at once.
	wal.SegmentSizeBytes = 4 << 20

	cfg := embed.NewConfig()
	cfg.Dir = *dir
	cfg.UnsafeNoFsync = true
	cfg.LogLevel = "warn"
	cfg.WarningUnaryRequestDuration = embed.DefaultWarningUnaryRequestDuration
	client, peer := parse(*clientURL), parse(*peerURL)
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)

	server, err := embed.StartEtcd(cfg)
	if err != nil {
		log.Fatalf("start etcd: %v", err)
	}
	defer server.Close()

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	select {
	case <-stop:
	case err := <-server.Err():
		log.Fatalf("etcd: %v", err)
	}
}

func parse(s string) url.URL {
	u, err := url.Parse(s)
	if err != nil {
		log.Fatalf("parse %q: %v", s, err)
	}
	return *u
}
