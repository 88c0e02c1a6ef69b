package serve

import (
	"net/http"
	"path"
	"strings"
)

// types are those that a browser may show. Everything that a guest wrote is text, whatever it looks like.
var types = map[string]string{
	".json": "application/json", ".jsonl": "text/plain; charset=utf-8", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8",
	".txt": "text/plain; charset=utf-8", ".log": "text/plain; charset=utf-8", ".sh": "text/plain; charset=utf-8", ".yaml": "text/plain; charset=utf-8",
}

// file gives a file of a run, or the list of a directory.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("run")
	if name == "" || strings.HasPrefix(name, ".") {
		http.NotFound(w, r)
		return
	}
	way := path.Join(name, path.Clean("/"+r.PathValue("file")))
	f, err := s.Root.Open(way)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil || !info.IsDir() && !info.Mode().IsRegular():
		http.NotFound(w, r)
		return
	case info.IsDir():
		if !strings.HasSuffix(r.URL.Path, "/") {
			http.Redirect(w, r, path.Base(r.URL.Path)+"/", http.StatusSeeOther)
			return
		}
	default:
		kind := types[path.Ext(way)]
		if kind == "" {
			kind = "application/octet-stream"
		}
		w.Header().Set("Content-Type", kind)
		// No script in a file of a run runs, and it belongs to no site.
		w.Header().Set("Content-Security-Policy", policy+"; sandbox")
		http.ServeContent(w, r, "", info.ModTime(), f)
		return
	}
	entries, err := f.ReadDir(-1)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	d := dirPage{frame: newFrame(way), Path: way}
	for _, e := range entries {
		link := e.Name()
		if e.IsDir() {
			link += "/"
		}
		d.Entries = append(d.Entries, link)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = pages.ExecuteTemplate(w, "dir", d)
}

type dirPage struct {
	frame
	Path    string
	Entries []string
}
