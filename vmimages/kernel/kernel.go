// Package kernel turns a Spec (a source, config fragments, patches) into a Build
// (a bzImage and what belongs to it), and finds builds again by name. Specs are
// pure data; only a Builder touches the machine, and it never writes into a
// source tree that is not its own. The package does not boot anything and does
// not know what the options are good for in a scenario.
package kernel

import "time"

// Spec names one kernel to build. Equal inputs give the same Build whatever the
// Name.
type Spec struct {
	Name      string     // what users call it, such as "stock" or "stock+lockdep"; letters, digits, "._-"
	Source    string     // "debian:6.12" (package linux-source-6.12) or a directory with a kernel source tree
	Patches   []Patch    // applied in this order
	Fragments []Fragment // on top of the built-in ones, later ones win
	Commit    string     // of git that Source is a checkout of, "" if nobody said; for the record alone
}

// Patch is one patch file: plain diff or mailbox, paths with one prefix (-p1).
type Patch struct {
	Name    string // file name, for messages and manifests
	Text    []byte
	Reverse bool // take the change out instead of putting it in
}

// Fragment is a piece of kernel configuration: lines "CONFIG_X=value" or
// "# CONFIG_X is not set", comments and blank lines.
type Fragment struct {
	Name string // file name, for messages
	Text []byte
}

// Build is one finished kernel. It is stored as build.json beside the files.
// Builds made from a bare image have empty fields where nothing is known.
type Build struct {
	Name    string `json:"name"`    // name it was asked for by; for images given by path, that path
	Key     string `json:"key"`     // 64 hex digits over all inputs; for images given by path, over the image
	Version string `json:"version"` // kernel release as uname -r prints it
	Dir     string `json:"dir"`     // absolute directory of the files below

	BzImage   string `json:"bzimage"`              // absolute paths; empty when there is no such file
	Vmlinux   string `json:"vmlinux,omitempty"`    //
	SystemMap string `json:"system_map,omitempty"` //
	Config    string `json:"config,omitempty"`     //
	Initrd    string `json:"initrd,omitempty"`     // modules that it does not boot without

	ImageHash  string         `json:"image_hash"`            // sha256 of the bzImage, hex
	Source     string         `json:"source,omitempty"`      // as in Spec, directories absolute
	Commit     string         `json:"commit,omitempty"`      // of git that the source was a checkout of, where that is known
	SourceHash string         `json:"source_hash,omitempty"` // sha256 over the source before patching
	ConfigHash string         `json:"config_hash,omitempty"` // sha256 of the final config
	Compiler   string         `json:"compiler,omitempty"`    // first line of gcc --version
	Recipe     string         `json:"recipe,omitempty"`      // 12 hex digits over patches, instrumentation patches and settings
	Patches    []AppliedPatch `json:"patches"`
	Fragments  []string       `json:"fragments,omitempty"` // names of the user's fragments

	// InstrumentationPatches are those that change the set-up and not the subject, and
	// went in beside Patches; every kernel that is built has them, as far as they fit.
	InstrumentationPatches []AppliedPatch `json:"instrumentation_patches,omitempty"`

	// Instrumentation lists the options that watch, slow down or break this
	// kernel on purpose and are on in it (FAILSLAB, KASAN, PROVE_LOCKING, …),
	// sorted, without the prefix. Two arms that differ here are not comparable.
	Instrumentation []string `json:"instrumentation,omitempty"`

	Built time.Time     `json:"built"` // when it was built; for images given by path, their modification time
	Took  time.Duration `json:"took"`  // wall time of the build, in nanoseconds in JSON
}

// AppliedPatch records what a Build contains on top of its source.
type AppliedPatch struct {
	Name    string `json:"name"`
	SHA256  string `json:"sha256"`
	Reverse bool   `json:"reverse,omitempty"`
	Summary string `json:"summary,omitempty"` // first line of its header, may be empty
}
