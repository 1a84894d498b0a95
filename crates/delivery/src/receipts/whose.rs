//! Which attempt a receipt is about that names its message: the call-back's URL does, and is verified. Pure.

#[cfg(test)]
mod tests;

/// An attempt of that message, at the carrier that told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Which one.
    pub number: u32,
    /// The ids that the carrier's answer has.
    pub ids: Vec<String>,
    /// The ids that receipts named.
    pub told_ids: Vec<String>,
    /// The carrier took it, or its answer was lost.
    pub may_have_it: bool,
}

/// Whose receipt it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Of this attempt, which has that id.
    Known(u32),
    /// Of this attempt, which has that id from now on.
    Learned(u32),
}

/// The attempt that a receipt with this id is about; none while its answer may still come. `tried` is in their order.
pub fn whose(id: &str, tried: &[Tried]) -> Option<Whose> {
    let has = |ids: &[String]| ids.iter().any(|known| known == id);
    let known = tried.iter().rev().find(|one| has(&one.ids) || has(&one.told_ids));
    if let Some(known) = known {
        return Some(Whose::Known(known.number));
    }
    let candidates: Vec<&Tried> = tried.iter().filter(|one| one.may_have_it).collect();
    // One whose answer was lost, or has no id, has none yet; the parts of one that is told of come with several.
    let nameless = candidates.iter().rev().filter(|one| one.ids.is_empty());
    let silent = nameless.clone().find(|one| one.told_ids.is_empty());
    let nameless = silent.or_else(|| nameless.clone().next());
    // Or it answers with one kind of id and tells with another; only one attempt can be meant.
    let only = match candidates.as_slice() {
        [one] => Some(one),
        _ => None,
    };
    nameless.or(only).map(|one| Whose::Learned(one.number))
}
