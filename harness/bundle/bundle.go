// Package bundle carries a campaign to machines that have nothing but QEMU: one file with the program, the kernels,
// the root image, the scenario and the plan. The same inputs give the same bytes.
//
// It packs and unpacks. What is in a bundle that came from elsewhere is checked against the sums in it, and the program
// in it is not run.
package bundle

import (
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"

	"loopfault/errs"
	"loopfault/results/safefile"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
)

// Format is the version of bundles that this code writes and reads.
const Format = 1

// Names of files in a bundle.
const (
	contentsFile = "bundle.json" // first in the archive
	sumsFile     = "SHA256SUMS"  // for sha256sum -c; last
	noteFile     = "README.txt"
	programFile  = "loopfault"
	scriptFile   = "reproduce"
	scenarioFile = "scenario.yaml"
	imageDir     = "image"
	kernelsDir   = "kernels"
	licencesDir  = "LICENSES"
)

// Contents is bundle.json.
type Contents struct {
	Format    int    `json:"format"`
	Loopfault string `json:"loopfault"` // version of the program that made it, and that is in it
	Name      string `json:"scenario_name"`
	Variant   string `json:"variant,omitempty"` // what is chosen of scenario.yaml
	Arms      []Arm  `json:"arms"`
	store.Terms
	Trial *Trial `json:"trial,omitempty"` // that it is to repeat; nil for a campaign
	Files []File `json:"files"`           // all others but the sums, by name
}

// Arm is a kernel and its part in the campaign.
type Arm struct {
	Name    string `json:"name"`
	Kernel  string `json:"kernel"`
	Control bool   `json:"control,omitempty"`
	NoFault bool   `json:"no_fault,omitempty"`
	Dir     string `json:"dir"` // of the kernel, in the bundle
}

// Trial is a trial that was stored, and what came of it.
type Trial struct {
	Name      string       `json:"name"` // RUN/NUMBER
	Verdict   verdict.Kind `json:"verdict"`
	Title     string       `json:"title,omitempty"`
	Signature string       `json:"signature,omitempty"`
	Resource  string       `json:"resource,omitempty"` // what its tasks waited for in the end, where that is one thing
}

// File is one file of a bundle.
type File struct {
	Name    string `json:"name"`
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"`
	Program bool   `json:"program,omitempty"` // may be run
}

// Bytes is how much space the files take, unpacked.
func (c Contents) Bytes() (sum int64) {
	for _, f := range c.Files {
		sum += f.Bytes
	}
	return sum
}

// Bundle is an unpacked bundle whose files have been checked.
type Bundle struct {
	Dir string // absolute
	Contents
	kernels map[string]kernel.Build // by the name that arms have for them
	image   image.Image
}

// Kernel is the build that an arm calls so.
func (b *Bundle) Kernel(name string) (kernel.Build, error) {
	k, ok := b.kernels[name]
	if !ok {
		return k, errs.Usagef("the bundle %s has no kernel %q", b.Dir, name)
	}
	return k, nil
}

// Image is the root image.
func (b *Bundle) Image() image.Image { return b.image }

// ScenarioRef names the scenario with its choices, as scenario.Find takes it.
func (b *Bundle) ScenarioRef() string {
	ref := filepath.Join(b.Dir, scenarioFile)
	if b.Variant != "" {
		ref += ":" + b.Variant
	}
	return ref
}

// maxContents bounds bundle.json, in bytes.
const maxContents = 4 << 20

// parse reads bundle.json; version is this program's own.
func parse(text []byte, version string) (Contents, error) {
	var head struct {
		Format    int
		Loopfault string
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return Contents{}, fmt.Errorf("%s is damaged: %w", contentsFile, err)
	}
	if head.Format != Format || head.Loopfault != version {
		return Contents{}, fmt.Errorf("it was made by loopfault %.40q (bundle format %d), and this is %q (format %d): "+
			"unpack it (tar -xf) and start the program in it, as ./reproduce does", head.Loopfault, head.Format, version, Format)
	}
	var c Contents
	if err := json.Unmarshal(text, &c); err != nil {
		return Contents{}, fmt.Errorf("%s is damaged: %w", contentsFile, err)
	}
	seen := map[string]bool{contentsFile: true, sumsFile: true}
	for _, f := range c.Files {
		if !filepath.IsLocal(f.Name) || path.Clean(f.Name) != f.Name || seen[f.Name] || f.Bytes < 0 {
			return Contents{}, fmt.Errorf("%s is damaged: it lists %.80q, which is no file that a bundle can have", contentsFile, f.Name)
		}
		seen[f.Name] = true
	}
	for _, a := range c.Arms {
		if !filepath.IsLocal(a.Dir) {
			return Contents{}, fmt.Errorf("%s is damaged: the kernel of arm %.80q is not in it", contentsFile, a.Name)
		}
	}
	if len(c.Arms) == 0 {
		return Contents{}, fmt.Errorf("%s is damaged: it has no arm", contentsFile)
	}
	return c, nil
}

// load reads kernels and image of a directory whose files are checked.
func load(dir string, c Contents) (*Bundle, error) {
	b := &Bundle{Dir: dir, Contents: c, kernels: map[string]kernel.Build{}}
	for _, a := range c.Arms {
		k, err := kernel.Load(filepath.Join(dir, a.Dir))
		if err != nil {
			return nil, err
		}
		k.Name = a.Kernel
		if sum := c.sumOf(path.Join(a.Dir, filepath.Base(k.BzImage))); sum != k.ImageHash {
			return nil, fmt.Errorf("the record of kernel %s is of another image", a.Kernel)
		}
		b.kernels[a.Kernel] = k
	}
	var err error
	if b.image, err = image.Load(filepath.Join(dir, imageDir)); err != nil {
		return nil, err
	}
	if c.sumOf(path.Join(imageDir, image.FSName)) != b.image.SHA256 {
		return nil, fmt.Errorf("the record of the root image is of another one")
	}
	return b, nil
}

func (c Contents) sumOf(name string) string {
	for _, f := range c.Files {
		if f.Name == name {
			return f.SHA256
		}
	}
	return ""
}

// read reads bundle.json of an unpacked bundle.
func read(dir, version string) (Contents, []byte, error) {
	text, err := safefile.ReadIn(dir, contentsFile, maxContents)
	if err != nil {
		return Contents{}, nil, err
	}
	c, err := parse(text, version)
	return c, text, err
}
