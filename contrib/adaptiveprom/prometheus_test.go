package adaptiveprom_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/internal/servers"
)

// program is one whose limiters have something to tell: stock is overloaded,
// users has an outage now and then, hosts has keys, trial observes.
func program(t *testing.T) (metrics string) {
	limit := func(c adaptive.Config) *adaptive.Limiter {
		l, err := adaptive.New(c)
		require.NoError(t, err)
		return l
	}
	stock := limit(adaptive.Config{Name: "stock", Law: "fixed:2", Min: 2, Max: 2, Queue: 1})
	users, err := breaker.New(limit(adaptive.Config{Name: "users", Law: "fixed:4"}), breaker.Config{Consecutive: 3})
	require.NoError(t, err)
	hosts, err := adaptive.NewKeyed[string](adaptive.KeyedConfig{Limiter: adaptive.Config{Name: "hosts"}}, adaptive.Parts{})
	require.NoError(t, err)
	trial := limit(adaptive.Config{Name: "trial", Law: "fixed:1", Queue: -1, Observe: true})

	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	load := func(g adaptive.Guard) {
		for range 4 {
			all.Go(func() {
				for ctx.Err() == nil {
					c, leave := context.WithTimeout(ctx, 15*time.Millisecond)
					_ = adaptive.Do(c, g, func(ctx context.Context) error { // err: that there are some is the point
						took := time.Duration(rand.IntN(20)) * time.Millisecond
						select {
						case <-ctx.Done():
							return ctx.Err()
						case <-time.After(took):
						}
						if took%(2*time.Millisecond) == 0 {
							return errDown
						}
						return nil
					})
					leave()
					select {
					case <-ctx.Done():
					case <-time.After(5 * time.Millisecond):
					}
				}
			})
		}
	}
	for _, g := range []adaptive.Guard{stock, users, hosts.For("a"), hosts.For("b"), trial} {
		load(g)
	}
	r, _ := registry(t, stock, users, hosts, trial)
	server := httptest.NewServer(promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	t.Cleanup(func() {
		stop()
		all.Wait()
		server.Close()
	})
	return server.Listener.Addr().String()
}

func rules(t *testing.T) map[string]string {
	text, err := os.ReadFile("alerts.yaml")
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	all := map[string]string{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			all[r.Alert] = r.Expr
		}
	}
	require.NotEmpty(t, all)
	return all
}

// operands cuts an alert's expression into what it compares: an alert that is not
// firing answers nothing, and one whose metric has another name does so, too.
func operands(expr string) (parts []string) {
	depth, begun := 0, 0
	cut := regexp.MustCompile(`^ (>=|<=|==|>|<|and|unless) `)
	for i := 0; i < len(expr); i++ {
		switch expr[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		}
		if m := cut.FindString(expr[i:]); m != "" && depth == 0 {
			parts = append(parts, expr[begun:i])
			i += len(m) - 1
			begun = i + 1
		}
	}
	return append(parts, expr[begun:])
}

func dashboard(t *testing.T) (queries map[string]string) {
	text, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	var file struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &file))
	queries = map[string]string{}
	variables := strings.NewReplacer("$__rate_interval", "1m", "$job", ".*", "$limiter", ".*")
	for _, p := range file.Panels {
		require.NotEmpty(t, p.Targets, p.Title)
		for i, target := range p.Targets {
			queries[fmt.Sprintf("panel %q, query %d", p.Title, i+1)] = variables.Replace(target.Expr)
		}
	}
	require.NotEmpty(t, queries)
	return queries
}

// ask returns how many numbers answer a query; NaN is none.
func ask(addr, query string) (numbers int, err error) {
	resp, err := http.Get("http://" + addr + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var answer struct {
		Status, Error string
		Data          struct {
			ResultType string
			Result     json.RawMessage
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return 0, err
	}
	if answer.Status != "success" || answer.Data.ResultType != "vector" {
		return 0, fmt.Errorf("%s: %s %s", answer.Status, answer.Error, answer.Data.ResultType)
	}
	var series []struct{ Value [2]any }
	if err := json.Unmarshal(answer.Data.Result, &series); err != nil {
		return 0, err
	}
	for _, s := range series {
		if s.Value[1] != "NaN" {
			numbers++
		}
	}
	return numbers, nil
}

// A real Prometheus scrapes a program under load, and has an answer to every query
// of the alerts and the dashboard.
func TestEveryQueryIsAnswered(t *testing.T) {
	queries := dashboard(t)
	for name, expr := range rules(t) {
		for i, part := range operands(expr) {
			if _, err := strconv.ParseFloat(part, 64); err != nil {
				queries[fmt.Sprintf("alert %s, part %d", name, i+1)] = part
			}
		}
	}
	alerts, err := filepath.Abs("alerts.yaml")
	require.NoError(t, err)
	target := program(t)
	server := servers.Start(t, servers.Prometheus,
		"global: {scrape_interval: 100ms, scrape_timeout: 100ms, evaluation_interval: 200ms}",
		"rule_files: ["+strconv.Quote(alerts)+"]",
		"scrape_configs: [{job_name: program, static_configs: [{targets: ["+strconv.Quote(target)+"]}]}]")
	deadline := time.Now().Add(90 * time.Second)
	for name, query := range queries {
		for {
			n, err := ask(server.Addr, query)
			require.NoError(t, err, "%s: %s", name, query)
			if n > 0 {
				break
			}
			require.True(t, time.Now().Before(deadline), "%s has no answer: %s", name, query)
			time.Sleep(100 * time.Millisecond)
		}
	}
	n, err := ask(server.Addr, `flyball_in_flights`)
	require.NoError(t, err)
	require.Zero(t, n, "a metric that is not there has no answer")

	resp, err := http.Get("http://" + server.Addr + "/api/v1/rules")
	require.NoError(t, err)
	defer resp.Body.Close()
	var loaded struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&loaded))
	require.Len(t, loaded.Data.Groups, 1)
	require.Len(t, loaded.Data.Groups[0].Rules, len(rules(t)))
	for _, r := range loaded.Data.Groups[0].Rules {
		require.Empty(t, r.LastError, r.Name)
		require.NotEqual(t, "err", r.Health, r.Name)
	}
}

// promtool has every alert fire where it should, and only there.
func TestAlertsFire(t *testing.T) {
	promtool, err := servers.Promtool()
	servers.Require(t, err)
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "testdata/alerts_test.yaml"}} {
		said, err := exec.Command(promtool, args...).CombinedOutput()
		require.NoError(t, err, "%s", said)
	}
	tests, err := os.ReadFile("testdata/alerts_test.yaml")
	require.NoError(t, err)
	for name := range rules(t) {
		require.Contains(t, string(tests), "alertname: "+name+"\n", "no test has it fire")
	}
}
