//! Any history of calls, crashes included, leaves the store where a dozen lines of model say.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Act {
    Accept {
        key: Option<u8>,
        text: u8,
        code: bool,
        first: u8,
    },
    /// By the holder of one of the leases given so far, stale or not.
    Record {
        lease: usize,
        next: u8,
    },
    Claim {
        after: u64,
    },
    Crash,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (proptest::option::of(0..3_u8), 0..2_u8, any::<bool>(), 0..2_u8)
            .prop_map(|(key, text, code, first)| Act::Accept { key, text, code, first }),
        6 => (any::<usize>(), 0..5_u8).prop_map(|(lease, next)| Act::Record { lease, next }),
        2 => (0..30_u64).prop_map(|after| Act::Claim { after }),
        1 => Just(Act::Crash),
    ]
}

/// What the model knows of a message.
#[derive(Clone, Debug)]
struct Row {
    state: DeliveryStatus,
    /// Run and epoch of the hand it is in.
    hand: Option<(u32, i64)>,
    epoch: i64,
    due: Option<u64>,
    deadline: u64,
    code: bool,
    ambiguous: bool,
    attempts: u32,
    /// The moment at which it was over.
    ended: Option<u64>,
}

#[derive(Default)]
struct Model {
    now: u64,
    run: u32,
    rows: BTreeMap<MessageId, Row>,
    keys: BTreeMap<u8, (MessageId, u8, bool)>,
    leases: Vec<(Lease, u32, i64)>,
}

const WINDOW: u64 = 60;
const LIFE: u64 = 180;

impl Model {
    fn moment(&self) -> UnixMillis {
        after(seconds(self.now))
    }

    /// A key counts while its message is open, and for its window from the end on.
    fn known(&self, key: Option<u8>) -> Option<(MessageId, u8, bool)> {
        let known = self.keys.get(&key?)?;
        let ended = self.rows[&known.0].ended;
        ended
            .is_none_or(|ended| ended + WINDOW > self.now)
            .then_some(*known)
    }

    /// Sees which are over by now.
    fn look(&mut self) {
        for row in self.rows.values_mut() {
            let open = [DeliveryStatus::Queued, DeliveryStatus::Sending].contains(&row.state);
            if !open && row.ended.is_none() {
                row.ended = Some(self.now);
            }
        }
    }

    /// A new row replaces the codes that wait, if it is one.
    fn insert(&mut self, id: MessageId, code: bool, first: u8) {
        for row in self.rows.values_mut() {
            if code && row.code && row.state == DeliveryStatus::Queued {
                row.state = if row.ambiguous {
                    DeliveryStatus::Unknown
                } else {
                    DeliveryStatus::Cancelled
                };
                (row.hand, row.due) = (None, None);
            }
        }
        let row = Row {
            state: if first == 0 {
                DeliveryStatus::Sending
            } else {
                DeliveryStatus::Queued
            },
            hand: Some((self.run, 0)),
            epoch: 0,
            due: None,
            deadline: self.now + LIFE,
            code,
            ambiguous: false,
            attempts: u32::from(first == 0),
            ended: None,
        };
        self.rows.insert(id, row);
    }
}

fn next_of(number: u8, model: &Model) -> (Next, OutcomeClass) {
    match number {
        0 => (Next::Submitted, OutcomeClass::Accepted),
        1 => {
            let if_opted_out = (DeliveryStatus::Failed, Reason::OptedOut);
            (
                Next::Send {
                    carrier: carrier("b"),
                    if_opted_out,
                },
                OutcomeClass::Ambiguous,
            )
        }
        2 => (Next::Hold, OutcomeClass::Temporary),
        3 => {
            let next_at = after(seconds(model.now + 7));
            (
                Next::Leave {
                    next_at,
                    backoff: Some(seconds(7)),
                },
                OutcomeClass::Temporary,
            )
        }
        _ => (
            Next::End {
                status: DeliveryStatus::Failed,
                reason: Reason::CarrierFailed,
            },
            OutcomeClass::BadRequest,
        ),
    }
}

async fn accept_one(store: &Store, model: &mut Model, id: MessageId, act: (Option<u8>, u8, bool, u8)) {
    let (key, text, code, first) = act;
    let message = NewMessage {
        body: MessageBody::parse(format!("text {text}")).unwrap(),
        class: if code {
            MessageClass::Otp
        } else {
            MessageClass::Bulk
        },
        idempotency: key.map(|key| {
            let key = IdempotencyKey::parse(&format!("key-{key}")).unwrap();
            Idempotency::new(key, seconds(WINDOW))
        }),
        deadline: Deadline::at(after(seconds(model.now + LIFE))),
        ..message()
    };
    let first_of = if first == 0 { send() } else { First::Hold };
    let held = Arc::new(Held {
        id,
        client: client("edge"),
        message,
    });
    let answer = store
        .accept(Arrival {
            held,
            first: first_of,
            now: model.moment(),
            waits: Waits::default(),
        })
        .await
        .unwrap();
    let known = model.known(key);
    match (known, answer) {
        (Some(known), Accepted::Replayed(id)) => assert_eq!(known, (id, text, code)),
        (Some((first, was_text, was_code)), Accepted::Conflict(id)) => {
            assert_eq!(first, id);
            assert_ne!((was_text, was_code), (text, code));
        }
        (None, Accepted::New { lease, open, .. }) => {
            assert_eq!(open.is_some(), first == 0);
            model.insert(id, code, first);
            model.leases.push((lease, model.run, 0));
            if let Some(key) = key {
                model.keys.insert(key, (id, text, code));
            }
        }
        (known, answer) => panic!("{known:?} but {answer:?}"),
    }
}

async fn record_one(store: &Store, model: &mut Model, which: usize, next: u8) {
    if model.leases.is_empty() {
        return;
    }
    let (lease, run, epoch) = model.leases[which % model.leases.len()].clone();
    let (next, class) = next_of(next, model);
    let now = model.now;
    let row = model.rows.get_mut(&lease.id()).unwrap();
    let sending = row.state == DeliveryStatus::Sending;
    let ended = sending.then(|| ended(row.attempts, class));
    let told = store
        .record_attempt(&lease, ended, next.clone(), after(seconds(now)))
        .await
        .unwrap();
    if row.hand != Some((run, epoch)) {
        assert_eq!(told, Recorded::Fenced, "a stale hand");
        return;
    }
    row.ambiguous |= sending && class == OutcomeClass::Ambiguous;
    (row.state, row.hand, row.due) = match next {
        Next::Submitted => (DeliveryStatus::Submitted, None, None),
        Next::End { status, .. } => (status, None, None),
        Next::Send { .. } => {
            row.attempts += 1;
            (DeliveryStatus::Sending, row.hand, None)
        }
        Next::Hold => (DeliveryStatus::Queued, row.hand, None),
        Next::Leave { .. } => (DeliveryStatus::Queued, None, Some(row.deadline.min(now + 7))),
    };
    assert_ne!(told, Recorded::Fenced);
}

async fn claim_some(store: &Store, model: &mut Model, later: u64) {
    model.now += later;
    let claimed = store.claim(100, model.moment()).await.unwrap();
    let mut expected = Vec::new();
    for (id, row) in &mut model.rows {
        if row.due.is_some_and(|due| due <= model.now) {
            row.epoch += 1;
            (row.hand, row.due) = (Some((model.run, row.epoch)), None);
            expected.push(*id);
        }
    }
    let mut ids: Vec<_> = claimed.iter().map(|one| one.held.id).collect();
    ids.sort();
    assert_eq!(ids, expected);
    for one in claimed {
        let epoch = model.rows[&one.held.id].epoch;
        model.leases.push((one.lease, model.run, epoch));
    }
}

async fn crash(fresh: &mut Fresh, model: &mut Model) {
    model.run += 1;
    fresh.crash(&format!("run-{}", model.run)).await;
    let mut after = None;
    loop {
        let page = fresh.leftovers(after.take(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        let verdicts = page.into_iter().map(|leftover| {
            let sending = leftover.facts.unwrap().status == DeliveryStatus::Sending;
            let unknown = Verdict::End(DeliveryStatus::Unknown, Reason::OutcomeUnknown);
            (leftover.id, if sending { unknown } else { Verdict::Requeue })
        });
        fresh.settle(verdicts.collect(), model.moment()).await.unwrap();
    }
    for row in model.rows.values_mut().filter(|row| row.hand.is_some()) {
        let sending = row.state == DeliveryStatus::Sending;
        row.state = if sending {
            DeliveryStatus::Unknown
        } else {
            DeliveryStatus::Queued
        };
        (row.hand, row.due) = (None, (!sending).then_some(row.deadline.min(model.now)));
    }
}

async fn live(acts: Vec<Act>) {
    let mut fresh = Fresh::new();
    let mut model = Model::default();
    for (number, act) in acts.into_iter().enumerate() {
        let id = id(u8::try_from(number).unwrap());
        model.look();
        match act {
            Act::Accept {
                key,
                text,
                code,
                first,
            } => {
                accept_one(&fresh, &mut model, id, (key, text, code, first)).await;
            }
            Act::Record { lease, next } => record_one(&fresh, &mut model, lease, next).await,
            Act::Claim { after } => claim_some(&fresh, &mut model, after).await,
            Act::Crash => crash(&mut fresh, &mut model).await,
        }
    }
    for (id, row) in &model.rows {
        let view = fresh.message(&client("edge"), id).await.unwrap().unwrap().view;
        assert_eq!(view.status, row.state);
        assert_eq!(view.attempts.len(), row.attempts as usize);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_store_does_what_the_model_does(acts in proptest::collection::vec(act(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(live(acts));
    }
}
