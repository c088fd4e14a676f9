//! One client connection: requests passed on as they are, until one that a rule is for, which is its last.
//!
//! Writes down how far each came before it goes on, so that a test reads figures that are true.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::script::{Act, Upto};
use super::wire::{CONTINUE, Head, Side};
use super::{Seen, Shared};

/// How long the other end may take to end in good order after we did.
const END_MAX: Duration = Duration::from_secs(5);

/// Pieces of a slow request in each second.
const PIECES_PER_SECOND: u64 = 50;

/// Serves a connection to its end.
pub(super) async fn serve(client: TcpStream, shared: &Shared) -> io::Result<()> {
    let client = Side::new(client);
    if let Some(script) = shared.strike(|which| *which == super::Which::Connection) {
        let seen = Seen { scripted: true, ..Seen::default() };
        return Exchange::new(client, shared, None, seen).play(script).await;
    }
    let (mut client, mut upstream) = (client, None);
    while let Some(head) = client.head().await? {
        let mut words = head.first_line.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let script = shared.strike(|which| which.fits(&method, &path));
        let seen = Seen {
            method,
            path,
            length: head.whole(),
            has_length: head.content_length.is_some(),
            scripted: script.is_some(),
            ..Seen::default()
        };
        let mut exchange = Exchange::new(client, shared, Some(head), seen);
        exchange.upstream = upstream;
        if let Some(script) = script {
            return exchange.play(script).await;
        }
        (client, upstream) = exchange.pass().await?;
    }
    Ok(())
}

struct Exchange<'a> {
    client: Side,
    upstream: Option<Side>,
    shared: &'a Shared,
    head: Option<Head>,
    /// Place in the list of what was seen.
    at: usize,
    taken: u64,
    /// Whether a client that waits for it was asked for its body.
    continued: bool,
    /// What was passed on, kept only where it is needed twice.
    copy: Option<Vec<u8>>,
    answer: Vec<u8>,
    answer_head: u64,
}

impl<'a> Exchange<'a> {
    fn new(client: Side, shared: &'a Shared, head: Option<Head>, seen: Seen) -> Self {
        let mut list = shared.seen();
        list.push(seen);
        let at = list.len() - 1;
        drop(list);
        let (copy, answer) = (None, Vec::new());
        let (taken, continued) = (0, false);
        Self {
            client,
            upstream: None,
            shared,
            head,
            at,
            taken,
            continued,
            copy,
            answer,
            answer_head: 0,
        }
    }

    fn note(&self, change: impl FnOnce(&mut Seen)) {
        if let Some(seen) = self.shared.seen().get_mut(self.at) {
            change(seen);
        }
    }

    /// Passes request and answer on, and gives both connections back for the next.
    async fn pass(mut self) -> io::Result<(Side, Option<Side>)> {
        self.take(Upto::Whole, None, true).await?;
        self.hear().await?;
        self.tell(Upto::Whole).await?;
        self.note(|seen| seen.ended = true);
        Ok((self.client, self.upstream))
    }

    async fn play(mut self, script: Vec<Act>) -> io::Result<()> {
        if script.contains(&Act::Twice) {
            self.copy = Some(Vec::new());
        }
        let mut reset = false;
        let mut played = Ok(());
        for act in script {
            reset = act == Act::Reset;
            played = self.act(act).await;
            if reset || played.is_err() {
                break;
            }
        }
        let Self { mut client, mut upstream, shared, at, .. } = self;
        if reset {
            client.reset();
        } else {
            _ = timeout(END_MAX, client.end()).await;
        }
        if let Some(upstream) = &mut upstream {
            _ = timeout(END_MAX, upstream.end()).await;
        }
        if let Some(seen) = shared.seen().get_mut(at) {
            seen.ended = true;
        }
        played
    }

    async fn act(&mut self, act: Act) -> io::Result<()> {
        match act {
            Act::Take(upto) => self.take(upto, None, true).await,
            Act::TakeSlowly(upto, rate) => self.take(upto, Some(rate), true).await,
            Act::Swallow(upto) => self.take(upto, None, false).await,
            Act::Hear => self.hear().await,
            Act::Tell(upto) => self.tell(upto).await,
            Act::Say(bytes, times) => {
                for _ in 0..times {
                    self.say(&bytes).await?;
                }
                Ok(())
            }
            Act::Twice => self.once_more().await,
            Act::Wait(time) => {
                sleep(time).await;
                Ok(())
            }
            Act::Stall => std::future::pending().await,
            // Said by the end of the script.
            Act::Fin | Act::Reset => Ok(()),
        }
    }

    async fn take(&mut self, upto: Upto, rate: Option<u64>, pass_on: bool) -> io::Result<()> {
        let (head, whole) = self.head.as_ref().map_or((0, 0), |head| (head.bytes, head.whole()));
        let end = upto.bytes(head, whole);
        let expects = self.head.as_ref().is_some_and(|head| head.expects);
        if expects && end > head && !self.continued {
            self.continued = true;
            self.client.put(CONTINUE).await?;
        }
        let piece = rate.map_or(u64::MAX, |rate| (rate / PIECES_PER_SECOND).max(1));
        let (began, before) = (Instant::now(), self.taken);
        while self.taken < end {
            let bytes = self.client.some(piece.min(end - self.taken)).await?;
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let count = bytes.len() as u64;
            self.taken += count;
            self.note(|seen| seen.taken += count);
            if pass_on {
                self.upstream().await?.put(&bytes).await?;
                self.note(|seen| seen.passed += count);
                if let Some(copy) = &mut self.copy {
                    copy.extend_from_slice(&bytes);
                }
            }
            if let Some(rate) = rate {
                let due_ms = (self.taken - before) * 1_000 / rate;
                sleep_until(began + Duration::from_millis(due_ms)).await;
            }
        }
        Ok(())
    }

    async fn upstream(&mut self) -> io::Result<&mut Side> {
        if self.upstream.is_none() {
            self.upstream = Some(connect(self.shared).await?);
        }
        self.upstream.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    async fn hear(&mut self) -> io::Result<()> {
        let (answer, head) = hear(self.upstream().await?).await?;
        (self.answer, self.answer_head) = (answer, head);
        Ok(())
    }

    async fn tell(&mut self, upto: Upto) -> io::Result<()> {
        let whole = self.answer.len() as u64;
        let end = usize::try_from(upto.bytes(self.answer_head, whole)).unwrap_or(usize::MAX);
        let part = self.answer.get(..end).unwrap_or_default().to_vec();
        self.say(&part).await
    }

    async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.client.put(bytes).await?;
        self.note(|seen| seen.answered += bytes.len() as u64);
        Ok(())
    }

    async fn once_more(&mut self) -> io::Result<()> {
        let mut twin = connect(self.shared).await?;
        twin.put(self.copy.as_deref().unwrap_or_default()).await?;
        hear(&mut twin).await.map(drop)
    }
}

async fn connect(shared: &Shared) -> io::Result<Side> {
    let stream = TcpStream::connect(shared.upstream).await?;
    stream.set_nodelay(true)?;
    Ok(Side::new(stream))
}

/// Reads a whole answer; says how long its head is. A body without `Content-Length` goes on to the connection's end.
async fn hear(upstream: &mut Side) -> io::Result<(Vec<u8>, u64)> {
    let head = loop {
        let head = upstream.head().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if !head.is_interim() {
            break head;
        }
        let mut left = head.bytes;
        while left > 0 {
            left -= upstream.some(left).await?.len() as u64;
        }
    };
    let ends = head.content_length.map(|_| head.whole());
    let mut answer = Vec::new();
    while ends.is_none_or(|end| (answer.len() as u64) < end) {
        let left = ends.map_or(u64::MAX, |end| end - answer.len() as u64);
        let piece = upstream.some(left).await?;
        if piece.is_empty() {
            break;
        }
        answer.extend_from_slice(&piece);
    }
    Ok((answer, head.bytes))
}
