package scenario

import (
	"slices"

	"loopfault/workloads/scenarios"
	"loopfault/workloads/wire"
)

// The flavours that kernels are built with for some scenarios alone.
const (
	cephFlavour    = "ceph"    // Ceph's client
	localIOFlavour = "localio" // NFS without RPC between client and server of one machine
	krb5Flavour    = "krb5"    // ciphers for RPC with Kerberos
	swapFlavour    = "swap"    // swapping to a file on NFS
)

// brings are the options that scenarios want a flavour for.
var brings = map[string]string{
	cephFlavour: "CONFIG_CEPH_FS", localIOFlavour: "CONFIG_NFS_LOCALIO", krb5Flavour: "CONFIG_CRYPTO_CTS",
	swapFlavour: "CONFIG_NFS_SWAP",
}

// Brings is the kernel option that scenarios want a flavour for.
func Brings(flavour string) string { return brings[flavour] }

// Flavours are those of the kernels that the scenario runs on, whichever kernel is asked for.
func (s Scenario) Flavours() (all []string) {
	if s.Ceph != nil {
		return []string{cephFlavour}
	}
	if s.Mount.Kerberos() {
		all = append(all, krb5Flavour)
	}
	if s.Mount.LocalIO == wire.LocalIOOn {
		all = append(all, localIOFlavour)
	}
	if s.Mount.Swap > 0 {
		all = append(all, swapFlavour)
	}
	return all
}

// WithFlavours adds those that scenarios need to the flavours of kernels, as far as they lack.
func WithFlavours(flavours []string, all ...Scenario) []string {
	flavours = slices.Clone(flavours)
	for _, s := range all {
		for _, f := range s.Flavours() {
			if !slices.Contains(flavours, f) {
				flavours = append(flavours, f)
			}
		}
	}
	return flavours
}

// partOf are options that some kernels lack because another option includes them: up to
// 6.12 NFSv4 always includes 4.0, from 7.2 on always 4.1.
var partOf = map[string]string{"CONFIG_NFS_V4_0": "CONFIG_NFS_V4", "CONFIG_NFS_V4_1": "CONFIG_NFS_V4"}

// PartOf is the option that includes this one in kernels that lack it, "" if there is none. A
// kernel that has it lists it whenever the other is on.
func PartOf(option string) string { return partOf[option] }

// NeededOptions are the kernel options that some scenario of the catalogue, or a variant of
// it, cannot run without.
func NeededOptions() []string {
	var needed []string
	add := func(s Scenario) {
		for _, opt := range s.KernelOptions() {
			if PartOf(opt) == "" {
				needed = append(needed, opt)
			}
		}
	}
	for _, name := range scenarios.Names() {
		s, _, err := Find(name)
		if err != nil || len(s.Flavours()) > 0 {
			continue // a test reads them all; what flavours bring is their own, and never left out
		}
		add(s)
		for variant := range s.Variants {
			if v, err := s.vary(variant); err == nil {
				add(v)
			}
		}
	}
	slices.Sort(needed)
	return slices.Compact(needed)
}
