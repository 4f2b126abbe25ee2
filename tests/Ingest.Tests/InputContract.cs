namespace FastStream.Tests;

/// <summary>What every input promises, whatever it reads from. One subclass for each input.</summary>
public abstract class InputContract
{
    /// <summary>A source that takes texts and is read by the input.</summary>
    protected interface ISource : IAsyncDisposable
    {
        /// <summary>Describes the input.</summary>
        DStream<string> Describe(StreamingContext context);

        /// <summary>Has the source give a record; done when it is given away, which may wait for the input.</summary>
        Task GiveAsync(string record);
    }

    /// <summary>
    /// The most records that may be held beyond the bound, such as in the source's own buffers; -1 where records are
    /// not held by number.
    /// </summary>
    protected virtual int Slack => 0;

    /// <summary>Whether a graceful stop takes all that was given; else what was given last may be under way to the input still.</summary>
    protected virtual bool StopTakesEverythingGiven => true;

    protected abstract ISource CreateSource();

    [Fact]
    public async Task Cut_RecordsOverManyBatches_KeepsOrderAndLosesNothing()
    {
        await using ISource source = CreateSource();
        await using InputRun<string> run = InputRun<string>.Start(source.Describe);
        var expected = new List<string>();
        for (int batch = 0; batch < 10; batch++)
        {
            for (int i = 0; i < batch * 50; i++)
            {
                expected.Add($"record {batch}/{i} of some length");
                await source.GiveAsync(expected[^1]);
            }

            await run.TickAsync();
        }

        await run.TickUntilAsync(expected.Count);
        await run.StopAsync();
        Assert.Equal(expected, run.Records);
        Assert.Equal(expected.Count, run.Context.Metrics.ProcessedRecords);
    }

    [Fact]
    public async Task Cut_NothingGiven_GivesEmptyBatches()
    {
        await using ISource source = CreateSource();
        await using InputRun<string> run = InputRun<string>.Start(source.Describe);
        Assert.Empty(await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        await source.GiveAsync("one");
        await run.TickUntilAsync(1);
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
        Assert.Equal(["one"], run.Records);
    }

    [Theory]
    [InlineData(StopMode.Graceful)]
    [InlineData(StopMode.Immediate)]
    public async Task Stop_WithRecordsNotCut_GivesEveryBlockBack(StopMode mode)
    {
        await using ISource source = CreateSource();
        await using InputRun<string> run = InputRun<string>.Start(source.Describe);
        await source.GiveAsync("first");
        await run.TickUntilAsync(1);
        for (int i = 0; i < 100; i++)
        {
            await source.GiveAsync($"{i}");
        }

        await run.StopAsync(mode);
        if (mode == StopMode.Graceful)
        {
            string[] given = [.. Enumerable.Range(0, 100).Select(i => $"{i}").Prepend("first")];
            Assert.Equal(StopTakesEverythingGiven ? given : given[..run.Records.Count()], run.Records);
        }
    }

    // Whatever it reads from: what a batch was planned with comes again, once, and what is given to the next run comes after it.
    [Fact]
    public async Task Restart_BatchThatFailedInItsOutput_RunsAgainWithTheSameRecords()
    {
        string checkpoints = Directory.CreateTempSubdirectory("faststream-checkpoints-").FullName;
        try
        {
            var options = new StreamingOptions { Partitions = 3, Checkpoint = new CheckpointOptions { Directory = checkpoints } };
            var clock = new ManualTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));
            string[] failed = [];
            await using ISource source = CreateSource();
            await using (InputRun<string> first = InputRun<string>.Start(source.Describe, options, clock, output: Fail))
            {
                for (int i = 0; i < 2000; i++)
                {
                    await source.GiveAsync($"record {i} of some length");
                }

                await first.TickUntilAsync(() => failed.Length > 0);
                await Assert.ThrowsAsync<StreamingException>(() => first.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
            }

            await using ISource next = CreateSource();
            clock.Jump(TimeSpan.FromSeconds(10));
            await using InputRun<string> second = InputRun<string>.Start(next.Describe, options, clock);
            await next.GiveAsync("one more");
            await second.TickUntilAsync(failed.Length + 1);
            await second.StopAsync();
            Assert.Equal([.. failed, "one more"], second.Records);
            Assert.Equal(failed.Length + 1, second.Context.Metrics.ProcessedRecords);

            void Fail(string[] records)
            {
                if (records.Length > 0)
                {
                    failed = records;
                    throw new IOException("The output fails.");
                }
            }
        }
        finally
        {
            Directory.Delete(checkpoints, recursive: true);
        }
    }

    [Fact]
    public async Task Stop_RightAfterStart_Ends()
    {
        await using ISource source = CreateSource();
        await using InputRun<string> run = InputRun<string>.Start(source.Describe);
        await run.StopAsync();
    }

    [Fact]
    public async Task Receive_FasterThanBatches_HoldsNoMoreThanTheBound()
    {
        if (Slack < 0)
        {
            return;
        }

        const int bound = 100;
        const int total = 1000;
        await using ISource source = CreateSource();
        await using InputRun<string> run =
            InputRun<string>.Start(source.Describe, new StreamingOptions { Partitions = 2, MaxBufferedRecords = bound });
        Task giving = Task.Run(async () =>
        {
            for (int i = 0; i < total; i++)
            {
                await source.GiveAsync($"{i}");
            }
        });
        await run.TickUntilAsync(total);
        await giving;
        await run.StopAsync();
        Assert.Equal(Enumerable.Range(0, total).Select(i => $"{i}"), run.Records);
        Assert.All(run.Batches, batch => Assert.InRange(batch.Length, 0, bound + Slack));
    }
}
