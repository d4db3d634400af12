use super::fixture::{append, cluster, journal, open, options, snap};
use super::*;
use crate::journal::read;
use crate::model::Epoch;

/// Sends all of a snapshot to a journal.
fn send(source: &mut Source, to: &Path) -> Result<Parcel, TransferError> {
    let parcel = *source.parcel();
    assert!(source.check(|| true)?);
    let mut arriving = Arriving::create(to, cluster(), &parcel)?;
    loop {
        let piece = source.next(10_000)?;
        if piece.is_empty() {
            break;
        }
        arriving.write(&piece)?;
    }
    assert!(arriving.is_whole());
    arriving.finish(|| true)?;
    Ok(parcel)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Checks that a journal goes on behind record 300 of that of mark 1, and that it can be written.
fn goes_on(journal: &Path) {
    let disk = RealDisk::read_only(journal);
    assert_eq!(read::begins_with(&disk).expect("it is good"), Some(Sequence(301)));
    let mut opened = open(journal, 9, Some(Sequence(300)));
    assert_eq!(opened.report.last, (Sequence(300), Epoch(1), Timestamp(300)));
    assert_eq!(opened.report.mark, 1);
    append(&mut opened, 700);
    drop(opened);
    assert_eq!(open(journal, 9, Some(Sequence(300))).report.records, 400);
    assert!(Source::open(journal, Sequence(300)).is_ok(), "it can be sent on");
}

#[test]
fn an_empty_journal_goes_on_behind_a_snapshot_that_was_pruned_while_it_was_sent() {
    let (from, to) = (journal(500, 1), journal(0, 2));
    snap(from.path(), 300, 200_000);
    let mut source = Source::open(from.path(), Sequence(300)).expect("it can be sent");
    fs::remove_file(snapshot_path(from.path(), Sequence(300))).expect("it is there");
    let parcel = send(&mut source, to.path()).expect("it comes");
    let disk = RealDisk::open(to.path()).expect("nobody has it");
    let installed = install(&disk, to.path(), &parcel, &options(1)).expect("it works");
    assert_eq!(installed, Some(Installed { sequence: Sequence(300), aside: None }));
    drop(disk);
    assert_eq!(names(&snapshot_directory(to.path())), ["000000000300.snapshot"]);
    goes_on(to.path());
    // What follows is the sender's: the chain is the same from there on.
    let [one, other] =
        [from.path(), to.path()].map(|it| read::verify(&RealDisk::read_only(it)).expect("good"));
    assert_eq!((one.last, other.last), (Sequence(500), Sequence(700)));
    let link = parcel.link;
    let at = |journal: &Path| {
        let disk = RealDisk::read_only(journal);
        follow(&disk, Some(link), Sequence(500), &mut |_| ()).expect("it is good")
    };
    assert_eq!(at(from.path()).map(|it| it.link), at(to.path()).map(|it| it.link));
}

#[test]
fn what_a_journal_held_is_set_aside_as_a_journal_whenever_the_process_ends() {
    let from = journal(500, 1);
    snap(from.path(), 300, 10);
    for steps in 0..6 {
        let to = journal(2_000, 2);
        snap(to.path(), 100, 10);
        let segments = names(to.path()).into_iter().filter(|it| it.ends_with(".segment")).count();
        assert!(segments > 2, "{segments}");
        let mut source = Source::open(from.path(), Sequence(300)).expect("it can be sent");
        let parcel = send(&mut source, to.path()).expect("it comes");
        let disk = RealDisk::open(to.path()).expect("nobody has it");
        // The process ends after so many files were moved: the rest is for the next one.
        let moved = stop_early(&disk, to.path(), &parcel, steps);
        let finished = finish_install(&disk, to.path()).expect("it works");
        assert!(finish_install(&disk, to.path()).expect("it works").is_none());
        drop(disk);
        let installed = finished.expect("it was begun");
        let aside = installed.aside.expect("there were records");
        assert!(moved <= steps);
        let held = read::verify(&RealDisk::read_only(&aside)).expect("it is a journal");
        assert_eq!((held.records, held.last), (2_000, Sequence(2_000)));
        assert_eq!(names(&snapshot_directory(&aside)), ["000000000100.snapshot"]);
        assert_eq!(names(&snapshot_directory(to.path())), ["000000000300.snapshot"]);
        goes_on(to.path());
    }
}

/// Does what an installation does until it has moved so many segments.
fn stop_early(disk: &RealDisk, journal: &Path, parcel: &Parcel, steps: usize) -> usize {
    let numbers = segment_numbers(disk, Start::First).expect("it is good");
    prepare(disk, journal, parcel, &options(1)).expect("it can be written");
    let number = prepared_number(&snapshot_directory(journal).join(SEGMENT_NAME)).expect("made");
    let aside = journal.join(ASIDE_NAME).join(number.to_string());
    let mut moved = 0;
    for number in numbers.into_iter().rev() {
        if moved < steps && !holds_nothing(disk, number).expect("it can be read") {
            make_directory(&aside).expect("it can be made");
            let name = segment_name(number);
            rename(&journal.join(&name), &aside.join(&name)).expect("it can be moved");
            moved += 1;
        }
    }
    moved
}

#[test]
fn a_second_snapshot_sets_aside_what_came_after_the_first_and_touches_nothing_that_was_set_aside() {
    let (from, to) = (journal(2_000, 1), journal(20, 2));
    for sequence in [300, 1_500] {
        snap(from.path(), sequence, 10);
        let mut source = Source::open(from.path(), Sequence(sequence)).expect("it can be sent");
        let parcel = send(&mut source, to.path()).expect("it comes");
        let disk = RealDisk::open(to.path()).expect("nobody has it");
        install(&disk, to.path(), &parcel, &options(1)).expect("it works").expect("it is there");
        drop(disk);
        append(&mut open(to.path(), 1, Some(Sequence(sequence))), sequence + 50);
    }
    let folders = names(&to.path().join(ASIDE_NAME));
    assert_eq!(folders.len(), 2, "{folders:?}");
    let lasts = folders.iter().map(|folder| {
        let disk = RealDisk::read_only(&to.path().join(ASIDE_NAME).join(folder));
        read::verify(&disk).expect("it is a journal").last.0
    });
    let mut lasts: Vec<_> = lasts.collect();
    lasts.sort_unstable();
    assert_eq!(lasts, [20, 350]);
}

#[test]
fn what_cannot_be_sent_or_taken_in_is_told_by_the_thing_the_value_and_the_limit() {
    let (from, to) = (journal(500, 1), journal(0, 2));
    snap(from.path(), 300, 100_000);
    let said = |result: Result<Parcel, TransferError>| result.expect_err("bad").to_string();
    // Of another journal; damaged.
    let stranger = journal(500, 3);
    create_snapshot_directory(stranger.path()).expect("it can be made");
    let path = snapshot_path(from.path(), Sequence(300));
    fs::copy(&path, snapshot_path(stranger.path(), Sequence(300))).expect("it can be copied");
    let other = Source::open(stranger.path(), Sequence(300)).err().expect("bad").to_string();
    assert!(other.contains("is not of this journal"), "{other}");
    let good = fs::read(&path).expect("it is there");
    let mut bad = good.clone();
    bad[90_000] ^= 1;
    fs::write(&path, &bad).expect("it can be written");
    let mut source = Source::open(from.path(), Sequence(300)).expect("its header is good");
    assert!(said(send(&mut source, to.path())).contains("CRC of block"));
    fs::write(&path, &good).expect("it can be written");

    let source = Source::open(from.path(), Sequence(300)).expect("it can be sent");
    let parcel = *source.parcel();
    let refused = |cluster: &[u8], parcel: Parcel, bytes: &[u8]| {
        let arriving = Arriving::create(to.path(), ClusterName::truncated(cluster), &parcel);
        let finished = arriving.and_then(|mut arriving| {
            arriving.write(bytes)?;
            arriving.finish(|| true)
        });
        assert_eq!(names(&snapshot_directory(to.path())), [] as [String; 0], "nothing is left");
        finished.expect_err("bad").to_string()
    };
    let with = |change: &dyn Fn(&mut Parcel)| {
        let mut changed = parcel;
        change(&mut changed);
        changed
    };
    assert!(refused(b"other", parcel, &good).contains("cluster is test, where other"));
    let version = refused(b"test", with(&|it| it.version = 9), &good);
    assert!(version.contains("version 9; this node reads version 2"), "{version}");
    let bytes = SENT_BYTES_MAX + 1;
    let long = refused(b"test", with(&|it| it.bytes = bytes), &good);
    assert!(long.contains(&format!("{bytes} bytes")) && long.contains(&SENT_BYTES_MAX.to_string()));
    // The most that may be sent is more than most machines have: nothing of their disk is taken to find that out.
    let free = RealDisk::read_only(to.path()).free_bytes().expect("it can be asked");
    if free < SENT_BYTES_MAX {
        let full = refused(b"test", with(&|it| it.bytes = SENT_BYTES_MAX), &good);
        assert!(full.contains("has no room") && full.contains("bytes are free"), "{full}");
    }
    assert!(refused(b"test", parcel, &good[1..]).contains("length"));
    assert!(refused(b"test", parcel, &[&good[..], b"x"].concat()).contains("length"));
    assert!(refused(b"test", parcel, &bad).contains("CRC of block"));
    let hash = refused(b"test", with(&|it| it.state_hash = 6), &good);
    assert!(hash.contains("header"), "{hash}");
}
