package adaptivehttp_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
	"github.com/flyball-go/flyball/internal/clienttest"
)

func TestStatusTellsTheOutcome(t *testing.T) {
	want := map[int]adaptive.Result{
		200: {Outcome: adaptive.Success},
		301: {Outcome: adaptive.Success},
		404: {Outcome: adaptive.Success},
		429: {Outcome: adaptive.Refused, RetryAfter: 3 * time.Second},
		499: {Outcome: adaptive.Success},
		500: {Outcome: adaptive.Failure}, // Retry-After counts with a refusal only
		501: {Outcome: adaptive.Failure},
		502: {Outcome: adaptive.Refused, RetryAfter: 3 * time.Second},
		503: {Outcome: adaptive.Refused, RetryAfter: 3 * time.Second},
		504: {Outcome: adaptive.TimedOut},
		599: {Outcome: adaptive.Failure},
	}
	both(t, func(rw http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.URL.Path[1:])
		rw.Header().Set("Retry-After", "3")
		rw.WriteHeader(code)
		_, _ = io.WriteString(rw, "words")
	}, func(t *testing.T, url string, client *http.Client, _ clienttest.Witness) {
		for code, result := range want {
			w := clienttest.NewWitness(t, adaptive.Config{}) // a fresh one: a refusal holds the next call back
			client := &http.Client{Transport: adaptivehttp.NewTransport(w, client.Transport.(*adaptivehttp.Transport).Base)}
			resp, err := client.Get(url + "/" + strconv.Itoa(code))
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, result, w.End(t), "status %d", code)
		}
	})
}

func TestRetryAfterIsReadInBothFormsAndBounded(t *testing.T) {
	date := time.Date(2031, 5, 4, 3, 2, 1, 0, time.UTC)
	stamp := func(d time.Duration) string { return date.Add(d).Format(http.TimeFormat) }
	for _, c := range []struct {
		name, value string
		want        time.Duration
	}{
		{"seconds", "7", 7 * time.Second},
		{"zero seconds", "0", 0},
		{"more seconds than allowed", "999999", time.Hour},
		{"more seconds than a number holds", "99999999999999999999999", time.Hour},
		{"negative seconds", "-7", 0},
		{"signed seconds", "+7", 0},
		{"fraction", "1.5", 0},
		{"exponent", "1e12", 0},
		{"words", "soon", 0},
		{"empty", "", 0},
		{"date", stamp(90 * time.Second), 90 * time.Second},
		{"date that has passed", stamp(-time.Minute), 0},
		{"date too far away", stamp(24 * time.Hour), time.Hour},
		{"year 9999", "Fri, 31 Dec 9999 23:59:59 GMT", time.Hour},
		{"no date", "Sun, 99 Foo 2031 03:02:01 GMT", 0},
	} {
		resp := &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {c.value}, "Date": {stamp(0)}}}
		require.Equal(t, adaptive.Result{Outcome: adaptive.Refused, RetryAfter: c.want}, adaptivehttp.Classify(resp), c.name)
	}
	two := &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"5", "9"}}}
	require.Equal(t, 5*time.Second, adaptivehttp.Classify(two).RetryAfter, "the first of two")
	none := &http.Response{StatusCode: 429}
	require.Zero(t, adaptivehttp.Classify(none).RetryAfter)
}

func TestRetryAfterDateWithoutAServersDateIsHeldAgainstOurClock(t *testing.T) {
	for _, date := range [][]string{nil, {"garbage"}} {
		at := time.Now().Add(10 * time.Minute).UTC().Format(http.TimeFormat)
		resp := &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {at}, "Date": date}}
		require.InDelta(t, 10*time.Minute, adaptivehttp.Classify(resp).RetryAfter, float64(time.Minute))
	}
}

func TestOwnClassifyDecidesWhatAnswersTell(t *testing.T) {
	both(t, hang, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		client.Transport.(*adaptivehttp.Transport).Classify = func(resp *http.Response) adaptive.Result {
			if resp.StatusCode != http.StatusOK {
				return adaptivehttp.Classify(resp)
			}
			return adaptive.Result{Outcome: adaptive.Ignored} // a stream that lasts by design
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		resp := get(t, ctx, client, url)
		w.Ended(t, adaptive.Ignored) // and a cut-off does not make it worse
		_ = resp.Body.Close()
	})
}

func TestCallerWhoLeavesIsIgnoredWhateverTheErrorSays(t *testing.T) {
	arrived := make(chan bool)
	both(t, func(rw http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-r.Context().Done()
	}, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			<-arrived
			cancel(errCaller)
		}()
		_, err := client.Do(request(t, ctx, http.MethodGet, url, nil))
		require.Error(t, err)
		if strings.HasSuffix(t.Name(), "HTTP/1.1") { // HTTP/2 reports the end, HTTP/1.1 its cause
			require.ErrorIs(t, err, errCaller)
			require.NotErrorIs(t, err, context.Canceled, "which is why the context is asked, not the error")
		}
		w.Now(t, adaptive.Ignored)
	})
}

func TestExpiredContextIsTimedOutWhateverTheErrorSays(t *testing.T) {
	both(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errCaller)
			defer cancel()
			_, err := client.Do(request(t, ctx, http.MethodGet, url, nil))
			require.Error(t, err)
			if strings.HasSuffix(t.Name(), "HTTP/1.1") {
				require.NotErrorIs(t, err, context.DeadlineExceeded)
			}
			w.Now(t, adaptive.TimedOut)
		})
}

func TestErrorsOfTheTransport(t *testing.T) {
	late := context.WithoutCancel(t.Context())
	both(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/reset" {
			panic(http.ErrAbortHandler)
		}
		<-r.Context().Done()
	}, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		_, err := client.Do(request(t, late, http.MethodPost, url+"/reset", nil))
		require.Error(t, err)
		w.Now(t, adaptive.Failure)

		_, err = client.Do(request(t, late, http.MethodGet, refusedAddress(t), nil))
		require.Error(t, err)
		w.Now(t, adaptive.Failure)

		client.Transport.(*adaptivehttp.Transport).Base.(*http.Transport).ResponseHeaderTimeout = 20 * time.Millisecond
		_, err = client.Do(request(t, late, http.MethodGet, url, nil))
		require.Error(t, err)
		w.Now(t, adaptive.TimedOut)
	})
}

func TestTimeoutsOfTheBaseThatAreNoDeadlineExceededAreTimedOut(t *testing.T) {
	for _, c := range []struct {
		err  error
		want adaptive.Outcome
	}{
		{slow(true), adaptive.TimedOut}, // as of a TLS handshake
		{slow(false), adaptive.Failure},
		{tls.AlertError(40), adaptive.Failure},
		{adaptive.ErrRejected, adaptive.Ignored}, // a guard behind ours
	} {
		w := clienttest.NewWitness(t, adaptive.Config{})
		rt := adaptivehttp.NewTransport(w, tripper(func(*http.Request) (*http.Response, error) { return nil, c.err }))
		_, err := rt.RoundTrip(request(t, context.Background(), http.MethodGet, "http://downstream", nil))
		require.Equal(t, c.err, err, "as it is")
		w.Now(t, c.want)
	}
}

type slow bool

func (slow) Error() string   { return "slow" }
func (s slow) Timeout() bool { return bool(s) }
