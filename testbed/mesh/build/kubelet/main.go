// The part of a kubelet that port-forward needs: the API server asks it to open connections into the pods of its node.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/portforward"
)

const idleTimeout = 4 * time.Hour

type pods struct {
	client *http.Client
	server string
	token  string
}

// PortForward copies between a stream and a port of a pod, until either ends.
func (p pods) PortForward(_ context.Context, name, _ string, port int32, stream io.ReadWriteCloser) error {
	found, err := p.find(name)
	if err != nil {
		return err
	}
	if found.Status.Phase != "Running" || found.Status.PodIP == "" {
		return fmt.Errorf("pod %s is not running", name)
	}
	conn, err := net.Dial("tcp", net.JoinHostPort(found.Status.PodIP, strconv.Itoa(int(port))))
	if err != nil {
		return err
	}
	defer conn.Close()
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(conn, stream)
		sent <- err
	}()
	received := make(chan error, 1)
	go func() {
		_, err := io.Copy(stream, conn)
		received <- err
	}()
	// As containerd: once the client has ended, what the pod still sends is waited for.
	select {
	case err = <-received:
	case <-sent:
		_ = conn.(*net.TCPConn).CloseWrite()
		err = <-received
	}
	return err
}

type pod struct {
	Metadata struct{ Annotations map[string]string }
	Status   struct{ Phase, PodIP string }
}

// name is `namespace/name`
func (p pods) find(name string) (found pod, err error) {
	namespace, own, _ := strings.Cut(name, "/")
	request, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/api/v1/namespaces/%s/pods/%s", p.server, namespace, own), nil)
	if err != nil {
		return found, err
	}
	request.Header.Set("Authorization", "Bearer "+p.token)
	response, err := p.client.Do(request)
	if err != nil {
		return found, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return found, fmt.Errorf("pod %s: %s", name, response.Status)
	}
	err = json.NewDecoder(response.Body).Decode(&found)
	return found, err
}

// idleTimeoutOf is the default of kubelets, unless a scenario annotates the pod with a shorter one.
func (p pods) idleTimeoutOf(name string) time.Duration {
	found, err := p.find(name)
	if err != nil {
		return idleTimeout
	}
	annotated, err := time.ParseDuration(found.Metadata.Annotations["testbed/port-forward-idle"])
	if err != nil {
		return idleTimeout
	}
	return annotated
}

func main() {
	listen := flag.String("listen", "", "address and port to serve the API server at")
	certificate := flag.String("certificate", "", "file of the serving certificate")
	key := flag.String("key", "", "file of its key")
	authority := flag.String("authority", "", "file of the certificate authority of the API server")
	server := flag.String("server", "", "URL of the API server")
	flag.Parse()

	pem, err := os.ReadFile(*authority)
	if err != nil {
		log.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	forwarder := pods{&http.Client{Transport: transport, Timeout: 5 * time.Second}, *server, os.Getenv("TOKEN")}

	http.HandleFunc("/portForward/{namespace}/{name}", func(w http.ResponseWriter, r *http.Request) {
		options, err := portforward.NewV4Options(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		name := r.PathValue("namespace") + "/" + r.PathValue("name")
		portforward.ServePortForward(w, r, forwarder, name, "", options, forwarder.idleTimeoutOf(name), 30*time.Second, portforward.SupportedProtocols)
	})
	plain := &http.Server{Addr: *listen, TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}}
	log.Fatal(plain.ListenAndServeTLS(*certificate, *key))
}
