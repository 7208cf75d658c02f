//! Facts held by a batch.

use std::borrow::Borrow;
use std::collections::BTreeMap;

/// Facts by key, each in a box of its own: a batch of one event then moves pointers, not orders of a kilobyte, and its
/// maps stay small (a node of a `BTreeMap` has room for eleven values, used or not).
#[derive(Clone, PartialEq, Debug)]
pub struct Held<K, V>(BTreeMap<K, Box<V>>);

impl<K, V> Default for Held<K, V> {
    fn default() -> Self {
        Held(BTreeMap::new())
    }
}

impl<K: Ord, V> Held<K, V> {
    /// Puts a fact in; gives the one that was there.
    pub fn insert(&mut self, key: K, fact: V) -> Option<V> {
        self.insert_boxed(key, Box::new(fact)).map(|old| *old)
    }

    /// Puts a fact in with its box.
    pub fn insert_boxed(&mut self, key: K, fact: Box<V>) -> Option<Box<V>> {
        self.0.insert(key, fact)
    }

    /// Takes a fact out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.0.remove(key).map(|fact| *fact)
    }

    /// Takes a fact out with its box.
    pub fn remove_boxed<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<Box<V>>
    where
        K: Borrow<Q>,
    {
        self.0.remove(key)
    }

    /// A fact.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(|fact| &**fact)
    }

    /// A fact, to change it.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.0.get_mut(key).map(|fact| &mut **fact)
    }

    /// Whether a fact is there.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }
}

impl<K, V> Held<K, V> {
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.0.keys()
    }

    /// The keys, in order, for keeps.
    pub fn into_keys(self) -> impl DoubleEndedIterator<Item = K> {
        self.0.into_keys()
    }

    /// The facts, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.0.values().map(|fact| &**fact)
    }

    /// The facts, in the order of their keys, to change them.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> {
        self.0.values_mut().map(|fact| &mut **fact)
    }

    /// The facts, in the order of their keys, for keeps.
    pub fn into_values(self) -> impl DoubleEndedIterator<Item = V> {
        self.0.into_values().map(|fact| *fact)
    }

    /// Keys and facts, in the order of the keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, fact)| (key, &**fact))
    }

    /// Keys and facts in their boxes, in the order of the keys.
    pub fn into_boxed(self) -> impl Iterator<Item = (K, Box<V>)> {
        self.0.into_iter()
    }
}

impl<K: Ord, V> Extend<(K, V)> for Held<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, facts: I) {
        self.0
            .extend(facts.into_iter().map(|(key, fact)| (key, Box::new(fact))));
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Held<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(facts: I) -> Self {
        let mut held = Held::default();
        held.extend(facts);
        held
    }
}

impl<K: Ord, V> From<BTreeMap<K, V>> for Held<K, V> {
    fn from(facts: BTreeMap<K, V>) -> Self {
        facts.into_iter().collect()
    }
}

impl<K: Ord, V> std::ops::Index<&K> for Held<K, V> {
    type Output = V;

    fn index(&self, key: &K) -> &V {
        &self.0[key]
    }
}
