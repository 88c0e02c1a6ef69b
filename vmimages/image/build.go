package image

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/packages"
	"loopfault/vmimages/progress"
)

// Rooms of the cache.
const (
	roomBases  = "images/bases"
	roomImages = "images/built"
	lockPlace  = "images/lock"
)

// The formats change when the way userlands or their layers are made changes,
// which the other inputs of a key do not show.
const (
	baseFormat  = 1
	layerFormat = 3
)

// fsName is the image file in its directory.
const fsName = "root.ext2"

// spaceLayer is what one more agent costs, in bytes.
const spaceLayer = 500_000_000

// Builder builds images into a cache. Several may share one cache, in this or
// other processes.
type Builder struct {
	Cache  *cache.Cache
	Report progress.Func // may be nil
}

// Releases are the Debian releases that a userland can be of; all of them were
// tried. The first is the default.
var Releases = []string{"bookworm", "trixie", sid}

// sid is the release without updates and security archives.
const sid = "sid"

// DefaultSpec is the userland that the agent expects.
func DefaultSpec() Spec { return Spec{Release: Releases[0], Packages: packages.Guest()} }

var validPackage = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)

// key names the userland that a spec describes.
func (s Spec) key() (string, error) {
	if !slices.Contains(Releases, s.Release) {
		return "", errs.Usagef("image release %q: expected one of %s", s.Release, strings.Join(Releases, ", "))
	}
	if s.Cluster && s.Release != Releases[0] {
		return "", errs.Usagef("image release %q: a root image with a Ceph cluster is made of Debian %s alone", s.Release, Releases[0])
	}
	names := slices.Compact(slices.Sorted(slices.Values(s.Packages)))
	for _, n := range names {
		if !validPackage.MatchString(n) {
			return "", errs.Usagef("image package %q is no Debian package name", n)
		}
	}
	parts := []string{fmt.Sprintln(baseFormat, s.Release, epoch), strings.Join(names, "\n"), strings.Join(excludes, "\n"), cleanup, makeMountPoints()}
	return hash(append(parts, s.hooks()...)...), nil
}

func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d %s\n", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Ensure returns the image of a spec with the agent at agentPath in it, from the
// cache or newly made. The userland is kept apart from what is laid on it, so a
// new agent costs about a second. When ctx ends it returns ctx's error; nothing
// half made is ever returned later.
func (b *Builder) Ensure(ctx context.Context, s Spec, agentPath string) (Image, error) {
	baseKey, err := s.key()
	if err != nil {
		return Image{}, err
	}
	agent, err := hashFile(agentPath)
	if err != nil {
		return Image{}, errs.Usagef("cannot read the agent: %w", err)
	}
	lock, err := b.Cache.Lock(ctx, lockPlace, "building the root image", func(holder string) {
		b.Report.Wait("image.lock", "waiting for "+holder+", which builds the root image")
	})
	if err != nil {
		return Image{}, err
	}
	defer lock.Unlock()
	host, err := loadKey(b.Cache, "host")
	if err != nil {
		return Image{}, err
	}
	client, err := loadKey(b.Cache, "client")
	if err != nil {
		return Image{}, err
	}
	files, err := layer(agentPath, host, client)
	if err != nil {
		return Image{}, err
	}
	img := Image{
		Key: layerKey(baseKey, agent, files), BaseKey: baseKey, AgentHash: agent,
		HostKey: host.public, ClientKey: client.path, Release: s.Release,
	}
	if done, err := load(b.Cache.Path(roomImages, img.Key)); err == nil {
		return done, nil
	}
	base, err := b.base(ctx, lock, s, baseKey)
	if err != nil {
		return Image{}, err
	}
	return b.finish(ctx, lock, base, files, img)
}

func layerKey(baseKey, agent string, files []file) string {
	parts := []string{fmt.Sprint(layerFormat), baseKey}
	for _, f := range files {
		text := string(f.text)
		if f.from != "" {
			text = agent
		}
		parts = append(parts, fmt.Sprintf("%s %o", f.path, f.mode), text)
	}
	return hash(parts...)
}

// base returns the directory of a userland.
func (b *Builder) base(ctx context.Context, lock *cache.Lock, s Spec, key string) (string, error) {
	dir := b.Cache.Path(roomBases, key)
	if _, err := os.Stat(filepath.Join(dir, baseFS)); err == nil {
		return dir, nil
	}
	stage, err := b.Cache.Stage(roomBases, key)
	if err != nil {
		return "", err
	}
	if err := makeBase(ctx, b, lock, s, stage); err != nil {
		return "", errors.Join(err, os.RemoveAll(stage))
	}
	return b.Cache.Publish(roomBases, key)
}

// finish lays the files on a copy of the base and publishes it.
func (b *Builder) finish(ctx context.Context, lock *cache.Lock, base string, files []file, img Image) (Image, error) {
	if err := b.Cache.Need(spaceLayer, "build the root image"); err != nil {
		return Image{}, err
	}
	text, err := os.ReadFile(filepath.Join(base, basePackages))
	if err == nil {
		err = json.Unmarshal(text, &img.Packages)
	}
	if err != nil {
		return Image{}, errs.Infraf("the cached userland %s is damaged (remove it): %w", base, err)
	}
	stage, err := b.Cache.Stage(roomImages, img.Key)
	if err != nil {
		return Image{}, err
	}
	defer os.RemoveAll(stage)
	path := filepath.Join(stage, fsName)
	if err := copySparse(filepath.Join(base, baseFS), path); err != nil {
		return Image{}, errs.Infraf("cannot copy the root image: %w", err)
	}
	if err := lay(ctx, lock, stage, fsName, files); err != nil {
		return Image{}, err
	}
	// Guests share the file; the mode prevents accidental writes.
	if err := os.Chmod(path, 0o444); err != nil {
		return Image{}, err
	}
	if img.SHA256, err = hashFile(path); err != nil {
		return Image{}, err
	}
	img.Built = time.Now().UTC().Truncate(time.Second)
	if text, err = json.MarshalIndent(img, "", "  "); err != nil {
		return Image{}, err
	}
	if err := os.WriteFile(filepath.Join(stage, Manifest), append(text, '\n'), 0o644); err != nil {
		return Image{}, err
	}
	// Remove a directory that load rejected.
	if err := os.RemoveAll(b.Cache.Path(roomImages, img.Key)); err != nil {
		return Image{}, err
	}
	dir, err := b.Cache.Publish(roomImages, img.Key)
	if err != nil {
		return Image{}, err
	}
	return load(dir)
}

func load(dir string) (Image, error) {
	var img Image
	text, err := os.ReadFile(filepath.Join(dir, Manifest))
	if err != nil {
		return img, err
	}
	if err := json.Unmarshal(text, &img); err != nil {
		return img, err
	}
	img.Path = filepath.Join(dir, fsName)
	_, err = os.Stat(img.Path)
	return img, err
}

// List returns the images of a cache, the newest first.
func List(c *cache.Cache) ([]Image, error) {
	entries, err := os.ReadDir(c.Path(roomImages))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, errs.Infraf("cannot list images: %w", err)
	}
	var list []Image
	for _, e := range entries {
		if img, err := load(c.Path(roomImages, e.Name())); err == nil && img.Key == e.Name() {
			list = append(list, img)
		}
	}
	slices.SortFunc(list, func(a, b Image) int {
		return cmp.Or(b.Built.Compare(a.Built), cmp.Compare(a.Key, b.Key))
	})
	return list, nil
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
