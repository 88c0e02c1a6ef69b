package fleet

import (
	"context"
	"path/filepath"
	"regexp"
)

// kubernetes writes a manifest and does not talk to a cluster: people apply it with their own tools and rights. What
// the shards have done is seen where the volume with their runs is.
type kubernetes struct{ fleet *Fleet }

// Pods are what the pods of a fleet need that only its site knows.
type Pods struct {
	Image string `json:"image"`         // with QEMU in it
	Claim string `json:"claim"`         // of the volume that holds the fleet's directory
	KVM   string `json:"kvm,omitempty"` // resource that brings /dev/kvm; "" for emulation
}

var (
	imageForm    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/:@-]*$`)
	claimForm    = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`)
	resourceForm = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?$`)
)

// check finds what Kubernetes would not take.
func (p *Pods) check() string {
	switch {
	case p == nil || p.Image == "" || p.Claim == "":
		return "--engine kubernetes needs --image, which has QEMU, and --claim, of the volume with the fleet's directory"
	case !imageForm.MatchString(p.Image):
		return "--image: want the name of a container image, as in registry.example.org/qemu:12"
	case !claimForm.MatchString(p.Claim):
		return "--claim: want the name of a claim, of small letters, digits, - and ."
	case p.KVM != "" && !resourceForm.MatchString(p.KVM):
		return "--kvm-resource: want DOMAIN/NAME, as in devices.kubevirt.io/kvm"
	}
	return ""
}

func newKubernetes(f *Fleet) *kubernetes { return &kubernetes{f} }

// Submit writes the manifest. It is of all shards: those that are done end at once.
func (k *kubernetes) Submit(context.Context, []int) error { return k.fleet.writeManifest() }

// Seen knows nothing but that all shards may run.
func (k *kubernetes) Seen(context.Context) (map[int]Seen, error) {
	seen := map[int]Seen{}
	for n := 1; n <= k.fleet.Shards; n++ {
		seen[n] = Seen{State: Unknown, Why: "kubectl get job " + k.fleet.jobName()}
	}
	return seen, nil
}

// Cancel can only leave the stop mark, which has been done.
func (k *kubernetes) Cancel(context.Context) error { return nil }

// Withdraw leaves it to the pods, which see the stop mark and end at once.
func (k *kubernetes) Withdraw(context.Context) error { return nil }

func (k *kubernetes) Close() error { return nil }

func (f *Fleet) jobName() string { return "loopfault-" + f.ID }

func (f *Fleet) manifestPath() string { return filepath.Join(f.Dir, manifestFile) }
