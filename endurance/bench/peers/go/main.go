// The same decisions as a webhook that is written the way kubebuilder makes them: controller-runtime, a typed Deployment.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

const (
	appliedReplicas = "toolhive-scaling/applied-replicas"
	passwordName    = "THV_SESSION_REDIS_PASSWORD"
)

// server is what a watch of ToolHive's resources would have in memory.
type server struct {
	name                   string
	replicas               int32
	passwordName, password string
}

type scaling struct {
	servers map[string]server
	grace   int64
	decoder admission.Decoder
}

func (s *scaling) Handle(_ context.Context, request admission.Request) admission.Response {
	deployment := &appsv1.Deployment{}
	if err := s.decoder.Decode(request, deployment); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	owner, found := s.ownerOf(deployment)
	if !found {
		return admission.Allowed("")
	}
	s.apply(deployment, owner)
	after, err := json.Marshal(deployment)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.PatchResponseFromRaw(request.Object.Raw, after)
}

func (s *scaling) ownerOf(deployment *appsv1.Deployment) (server, bool) {
	for _, reference := range deployment.OwnerReferences {
		if reference.Kind == "MCPServer" && reference.Name == deployment.Name {
			owner, found := s.servers[reference.Name]
			return owner, found
		}
	}
	return server{}, false
}

func (s *scaling) apply(deployment *appsv1.Deployment, owner server) {
	if deployment.Annotations == nil {
		deployment.Annotations = map[string]string{}
	}
	deployment.Annotations[appliedReplicas] = strconv.Itoa(int(owner.replicas))
	deployment.Spec.Replicas = &owner.replicas
	pod := &deployment.Spec.Template.Spec
	pod.TerminationGracePeriodSeconds = &s.grace
	for index := range pod.Containers {
		container := &pod.Containers[index]
		if container.Name != "toolhive" {
			continue
		}
		container.Env = append(container.Env, corev1.EnvVar{Name: passwordName, ValueFrom: &corev1.EnvVarSource{
			SecretKeyRef: &corev1.SecretKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: owner.passwordName},
				Key:                  owner.password,
			},
		}})
	}
}

func main() {
	folder := flag.String("folder", ".", "holds tls.crt and tls.key")
	port := flag.Int("port", 9443, "")
	flag.Parse()
	log.SetLogger(zap.New())

	scheme := runtime.NewScheme()
	_ = appsv1.AddToScheme(scheme)
	handler := &scaling{
		servers: map[string]server{"github": {name: "github", replicas: 3, passwordName: "redis", password: "password"}},
		grace:   60,
		decoder: admission.NewDecoder(scheme),
	}
	listener := webhook.NewServer(webhook.Options{
		Host:    "127.0.0.1",
		Port:    *port,
		CertDir: *folder,
		TLSOpts: []func(*tls.Config){func(config *tls.Config) { config.MinVersion = tls.VersionTLS13 }},
	})
	listener.Register("/mutate", &admission.Webhook{Handler: handler})
	ended, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := listener.Start(ended); err != nil {
		log.Log.Error(err, "serving")
		os.Exit(1)
	}
}
