namespace FastStream;

/// <summary>
/// Where a batch spent its time, and how many records each stream emitted. Measured only while a listener requests it
/// (<see cref="StreamingListener.WantsProfile"/>).
/// </summary>
/// <param name="Stages">
/// One entry for each stage and partition that ran. The attempts of a retried batch are added up.
/// </param>
/// <param name="Streams">Records that each stream passed to its first consumer, by stream and partition.</param>
/// <param name="GarbageCollection">
/// How long the garbage collector paused the process from the batch's start until its operators had finished.
/// </param>
public sealed record BatchProfile(IReadOnlyList<StageRun> Stages, IReadOnlyList<StreamRecords> Streams, TimeSpan GarbageCollection);

/// <summary>What one partition of one stage did for a batch.</summary>
/// <param name="Stage">Number of the stage, as in <see cref="StreamNode.Stage"/>.</param>
/// <param name="Partition">Number of the partition, from 0.</param>
/// <param name="Start">From the batch's start to the stage's first message of it.</param>
/// <param name="End">From the batch's start to the end of its last message.</param>
/// <param name="Busy">
/// How long it worked on the messages; the rest of the time it waited for other partitions or for a thread.
/// </param>
/// <param name="Messages">Number of messages: blocks of records, and ends of senders.</param>
public sealed record StageRun(int Stage, int Partition, TimeSpan Start, TimeSpan End, TimeSpan Busy, int Messages);

/// <summary>Records of one stream's partition in a batch.</summary>
/// <param name="Stream">Number of the stream, as in <see cref="StreamNode.Id"/>.</param>
/// <param name="Partition">Number of the partition, from 0.</param>
/// <param name="Records">Records emitted.</param>
public sealed record StreamRecords(int Stream, int Partition, long Records);
