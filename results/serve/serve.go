// Package serve shows all runs of a results directory as pages: a list with filters, each run's report, two runs side by
// side, hang rates over time, and a search by function or signature. Pages are made on the server and need no script.
//
// It is a handler and listens nowhere itself. It answers only whoever calls it by a loop-back name, so that no page of
// another site can read it through a name of its own, and it changes nothing but the index.
package serve

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"loopfault/results/index"
	"loopfault/results/report/html"
	"loopfault/results/report/model"
	"loopfault/results/store"
)

//go:embed *.tmpl
var files embed.FS

var pages = template.Must(html.Base().Funcs(template.FuncMap{"chart": chart, "rate": rate, "query": query}).ParseFS(files, "*.tmpl"))

// Server serves one results directory.
type Server struct {
	Index *index.Index
	Store *store.Store
	Root  *os.Root // of the results directory: nothing outside of it is given out
	// Read makes the model of a run; model.Read without further options when nil.
	Read func(store.Stored) (model.Run, error)

	updating sync.Mutex
}

// Handler gives the pages.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page(s.list))
	mux.HandleFunc("GET /compare", s.page(s.compare))
	mux.HandleFunc("GET /history", s.page(s.history))
	mux.HandleFunc("GET /search", s.page(s.search))
	mux.HandleFunc("GET /hang", s.page(s.hang))
	mux.HandleFunc("GET /run/{run}/{$}", s.page(s.run))
	mux.HandleFunc("GET /run/{run}/{file...}", s.file)
	return guard(mux)
}

// policy keeps whatever slipped through from doing anything.
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard lets only those in who call by a loop-back name, and tells browsers what pages may do.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		if !Loopback(hostOf(r.Host)) {
			http.Error(w, "want a loop-back name as host", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

// Loopback says whether a host is one of the machine's own loop-back addresses.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// frame is what the frame of all pages needs.
type frame struct {
	Title string
	Style template.CSS
	Home  string
}

func newFrame(title string) frame {
	return frame{Title: "loopfault: " + title, Style: html.Style(), Home: "/"}
}

// errNotFound is what a page that is not there comes to.
var errNotFound = errors.New("there is no such page")

// page makes a handler of a function that writes a page: the index is up to date, and a page that fails is not half
// written.
func (s *Server) page(write func(*bytes.Buffer, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		err := s.update(r)
		if err == nil {
			err = write(&b, r)
		}
		switch {
		case errors.Is(err, errNotFound) || errors.Is(err, fs.ErrNotExist):
			http.Error(w, err.Error(), http.StatusNotFound)
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(b.Bytes()) // who went away wants no answer
		}
	}
}

// update brings the index up to date, for one request at a time.
func (s *Server) update(r *http.Request) error {
	s.updating.Lock()
	defer s.updating.Unlock()
	return s.Index.Update(r.Context(), nil)
}

// run is a run's report, whose files lie below it.
func (s *Server) run(b *bytes.Buffer, r *http.Request) error {
	stored, err := s.load(r.PathValue("run"))
	if err != nil {
		return err
	}
	m, err := s.read(stored)
	if err != nil {
		return err
	}
	return html.Write(b, m, html.Options{Home: "/"})
}

func (s *Server) read(stored store.Stored) (model.Run, error) {
	if s.Read == nil {
		return model.Read(stored, model.Options{}), nil
	}
	return s.Read(stored)
}

// load reads a run by its name, which must be no way to somewhere else.
func (s *Server) load(name string) (store.Stored, error) {
	if name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, `/\`) {
		return store.Stored{}, errNotFound
	}
	return s.Store.Load(name)
}
