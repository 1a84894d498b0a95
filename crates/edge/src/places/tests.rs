//! One address has only some of the places, and gives back what it has.

use super::*;
use std::net::Ipv4Addr;

#[test]
fn one_address_has_only_some_and_gives_them_back() {
    let places = Places::new(8, 2);
    let one = Some(IpAddr::from(Ipv4Addr::new(192, 0, 2, 1)));
    let other = Some(IpAddr::from(Ipv4Addr::new(192, 0, 2, 2)));
    let first = places.unproven(one);
    let second = places.unproven(one);
    assert!(first.is_some() && second.is_some());
    assert!(places.unproven(one).is_none(), "a third");
    assert!(places.unproven(other).is_some(), "another's");
    assert!(places.unproven(None).is_some(), "a proxy's own");
    drop(first);
    assert!(places.unproven(one).is_some());
    drop(second);
    assert!(places.counts().is_empty(), "nobody is remembered");
}

#[test]
fn carriers_calls_and_open_tenants_have_a_part_each() {
    let places = Places::new(8, 2);
    for take in [Places::callback, Places::open] {
        let taken: Vec<_> = (0..2).map(|_| take(&places)).collect();
        assert!(taken.iter().all(Option::is_some));
        assert!(take(&places).is_none());
        drop(taken);
        assert!(take(&places).is_some());
    }
    assert!(Places::new(1, 2).callback().is_some(), "at least one");
}
