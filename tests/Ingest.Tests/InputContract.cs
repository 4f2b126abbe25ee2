namespace FastStream.Tests;

/// <summary>What every input promises, whatever it reads from. One subclass for each input.</summary>
public abstract class InputContract : SourceContract<string>
{
    protected override string Record(int number) => $"record {number} of some length";

    [Fact]
    public Task Cut_RecordsOverManyBatches_KeepsOrderAndLosesNothing() => CheckOrderAsync();

    [Fact]
    public Task Cut_NothingGiven_GivesEmptyBatches() => CheckEmptyCutsAsync();

    [Fact]
    public Task Run_BatchThatFailedInAnOperator_GivesTheSameRecordsAgain() => CheckRetryAsync();

    [Theory]
    [InlineData(StopMode.Graceful)]
    [InlineData(StopMode.Immediate)]
    public Task Stop_WithRecordsNotCut_GivesEveryBlockBack(StopMode mode) => CheckStopAsync(mode);

    // Whatever it reads from: what a batch was planned with comes again, once, and what is given to the next run comes after it.
    [Fact]
    public Task Restart_BatchThatFailedInItsOutput_RunsAgainWithTheSameRecords() => CheckPlannedBatchAsync();

    [Fact]
    public Task Restart_AfterAStop_GoesOnBehindWhatItHad() => CheckPositionAsync();

    [Fact]
    public Task Stop_RightAfterStart_Ends() => CheckStopAfterStartAsync();

    [Fact]
    public Task Commit_AnyBatch_IsToldOnceInOrder() => CheckCommittedAsync();

    [Fact]
    public Task Receive_FasterThanBatches_HoldsNoMoreThanTheBound() => CheckBoundAsync();
}
