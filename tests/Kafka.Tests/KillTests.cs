using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Xunit.Abstractions;

namespace FastStream.Tests.Kafka;

/// <summary>
/// The job is killed (SIGKILL) while a producer writes all the time: an independent reader finds every record once, and
/// every count right.
/// </summary>
[Collection(BrokerTests.Name)]
public sealed class KillTests(Broker broker, ITestOutputHelper output)
{
    private const int Keys = 5;
    private const int Killed = 128 + 9;

    [BrokerTheory]
    [InlineData("cut")]
    [InlineData("planned")]
    [InlineData("kafka sent")]
    [InlineData("kafka committed")]
    [InlineData("put out")]
    [InlineData("committed")]
    [InlineData("saved")]
    public async Task Job_KilledAt_PutsEveryRecordOutOnce(string place)
    {
        using var run = new Run(broker.Servers, await MakeAsync(), output);
        for (int i = 1; i <= 3; i++)
        {
            Assert.True(await run.StartAsync(place, (2 * i) - 1), $"the job never came to \"{place}\"");
        }

        await run.FinishAndCheckAsync(place);
    }

    [BrokerFact]
    public async Task Job_KilledAtRandomTimes_PutsEveryRecordOutOnce()
    {
        int kills = int.Parse(Environment.GetEnvironmentVariable("FASTSTREAM_KAFKA_KILLS") ?? "6", CultureInfo.InvariantCulture);
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}, {kills} kills");
        var random = new Random(seed);
        using var run = new Run(broker.Servers, await MakeAsync(), output);
        for (int i = 0; i < kills; i++)
        {
            await run.KillAfterAsync(TimeSpan.FromMilliseconds(random.Next(200, 3000)));
        }

        await run.FinishAndCheckAsync($"seed {seed}");
    }

    // Stopped inside of a transaction until the brokers have voided it: the program says so and ends, and the next
    // start puts the batch out.
    [BrokerFact]
    public async Task Job_PausedInATransactionForTooLong_EndsAndNothingComesTwice()
    {
        using var run = new Run(broker.Servers, await MakeAsync(), output);
        string error = await run.PauseAsync("kafka sent", pass: 3, TimeSpan.FromSeconds(14));
        Assert.Contains("or a transaction was open for longer than TransactionTimeout (00:00:02)", error, StringComparison.Ordinal);
        await run.FinishAndCheckAsync("paused");
    }

    private async Task<(Topic Input, Topic Copies, Topic Counts)> MakeAsync() =>
        (await Topic.MakeAsync(broker.Servers), await Topic.MakeAsync(broker.Servers), await Topic.MakeAsync(broker.Servers));

    /// <summary>A producer that writes all the time, and the job's processes.</summary>
    private sealed class Run : IDisposable
    {
        private readonly (Topic Input, Topic Copies, Topic Counts) _topics;
        private readonly ITestOutputHelper _output;
        private readonly string _servers;
        private readonly string _folder = Directory.CreateTempSubdirectory("faststream-").FullName;
        private readonly CancellationTokenSource _enough = new();
        private readonly Task<long> _writing;

        public Run(string servers, (Topic Input, Topic Copies, Topic Counts) topics, ITestOutputHelper output)
        {
            _servers = servers;
            _topics = topics;
            _output = output;
            _writing = Task.Factory.StartNew(Write, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        /// <summary>Runs the job until it dies at a place.</summary>
        /// <returns>Whether it died.</returns>
        public async Task<bool> StartAsync(string place, int pass)
        {
            using Process process = Start(long.MaxValue, place, pass.ToString(CultureInfo.InvariantCulture));
            return await EndAsync(process) == Killed;
        }

        public async Task KillAfterAsync(TimeSpan time)
        {
            using Process process = Start(long.MaxValue);
            await EndWithinAsync(process, time);
            process.Kill();
            Assert.Equal(Killed, await EndAsync(process));
        }

        /// <summary>Lets the job stop itself (SIGSTOP) at a place, and go on after a while; it is to end by an error.</summary>
        /// <returns>What it said.</returns>
        public async Task<string> PauseAsync(string place, int pass, TimeSpan pause)
        {
            using Process process = Start(long.MaxValue, place, pass.ToString(CultureInfo.InvariantCulture), KillJob.Pause);
            Assert.Equal(KillJob.Pause, await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1)));
            await EndWithinAsync(process, pause);
            using (Process kill = Process.Start("kill", ["-CONT", $"{process.Id}"]))
            {
                await kill.WaitForExitAsync();
            }

            string error = await process.StandardError.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(2));
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
            Assert.NotEqual(0, process.ExitCode);
            return error;
        }

        public async Task FinishAndCheckAsync(string what)
        {
            await _enough.CancelAsync();
            long written = await _writing;
            using Process process = Start(written);
            Assert.Equal(0, await EndAsync(process));
            IReadOnlyList<ConsumeResult<string?, string?>> copies = _topics.Copies.ReadAll();
            IReadOnlyList<ConsumeResult<string?, string?>> counts = _topics.Counts.ReadAll();
            _output.WriteLine($"{written} records written, {copies.Count} copies, {counts.Count} counts");
            Assert.True(written > 0);
            string[] input = [.. _topics.Input.ReadAll().GroupBy(record => record.Partition.Value)
                .OrderBy(partition => partition.Key).SelectMany(partition => partition.Select(Line))];
            string[] copied = [.. copies.GroupBy(record => record.Partition.Value).OrderBy(partition => partition.Key)
                .SelectMany(partition => partition.Select(Line))];
            Assert.Equal(written, input.Length);
            Assert.True(input.Length == copied.Length,
                $"{input.Length} records, {copied.Length} copies, {copied.Distinct().Count()} of them different; {what}");
            Assert.Equal(input.Order(StringComparer.Ordinal), copied.Order(StringComparer.Ordinal));
            foreach (IGrouping<string?, ConsumeResult<string?, string?>> key in counts.GroupBy(record => record.Message.Key))
            {
                long[] values = [.. key.Select(record => long.Parse(record.Message.Value!, CultureInfo.InvariantCulture))];
                Assert.True(values.Zip(values.Skip(1)).All(pair => pair.First <= pair.Second), $"counts of {key.Key} go back; {what}");
                Assert.Equal(input.LongCount(line => line.StartsWith($"{key.Key} ", StringComparison.Ordinal)), values[^1]);
            }

            static string Line(ConsumeResult<string?, string?> record) => $"{record.Message.Key} {record.Message.Value}";
        }

        public void Dispose()
        {
            _enough.Cancel();
            _writing.Wait();
            Directory.Delete(_folder, recursive: true);
        }

        // The time is when something is done to the process, not how long something is waited for.
        private static async Task EndWithinAsync(Process process, TimeSpan time)
        {
            using var over = new CancellationTokenSource(time);
            await process.WaitForExitAsync(over.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        private Process Start(long records, params string[] kill)
        {
            var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
            string[] arguments = [typeof(KillJob).Assembly.Location, _servers, _topics.Input.Name, _topics.Copies.Name,
                _topics.Counts.Name, _folder, records.ToString(CultureInfo.InvariantCulture), .. kill];
            foreach (string argument in arguments)
            {
                start.ArgumentList.Add(argument);
            }

            start.Environment["DOTNET_EnableDiagnostics"] = "0";   // a killed process would leave its pipes in the temporary directory
            start.Environment[KillJob.TransactionSeconds] = "2";
            return Process.Start(start)!;
        }

        private async Task<int> EndAsync(Process process)
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            Task<string> print = process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
            Assert.True(process.ExitCode is 0 or Killed, $"the job ended with {process.ExitCode}: {await error} {await print}");
            return process.ExitCode;
        }

        private long Write()
        {
            using IProducer<string, string> producer =
                new ProducerBuilder<string, string>(new ProducerConfig
                    { BootstrapServers = _servers, EnableIdempotence = true, LingerMs = 5 }).Build();
            long written = 0;
            while (!_enough.IsCancellationRequested)
            {
                for (int i = 0; i < 20; i++)
                {
                    producer.Produce(_topics.Input.Name, new Message<string, string>
                        { Key = $"key {written % Keys}", Value = $"{written++}: a value that is longer than fifteen bytes" });
                }

                producer.Flush(TimeSpan.FromSeconds(60));
                _enough.Token.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(20));   // the producer's pace
            }

            return written;
        }
    }
}
