using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastStream.Tests.Recovery;

/// <summary>
/// A program that reads files while every other batch runs with all the handles taken that the process may have, and
/// the next one is cut with none.
/// </summary>
internal static partial class HandleJob
{
    public const string Name = "handles";
    private const int OpenFiles = 7;   // RLIMIT_NOFILE
    private const int MoreHandles = 40;

    /// <summary>Reads all files of a folder; gives 0 where each came once and no batch failed.</summary>
    /// <param name="args">The folder and the number of its files, which are named from 0 on and have their number as their line.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        int files = int.Parse(args[1], CultureInfo.InvariantCulture);
        await using var context = new StreamingContext(new StreamingOptions { BatchInterval = Job.Interval, Partitions = 2 });
        var lines = new List<string>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        context.TextFileStream(args[0], new FileSourceOptions
            { NewFilesOnly = false, Detection = FileDetection.Arrival, MaxFilesPerBatch = 20 }).Map(line => line.ToString())
            .ForEachBatch((batch, _) =>
            {
                lines.AddRange(batch);
                if (lines.Count >= files)
                {
                    all.TrySetResult();
                }
            });
        var eater = new HandleEater(context);   // described, and so cut, behind the files
        eater.ForEachBatch((_, _) => { });
        context.Start();
        await eater.HasWarmedUp;
        Lower();
        eater.EatsAll = true;
        await Task.WhenAny(all.Task, context.Completion);
        eater.EatsAll = false;
        await context.StopAsync();
        await context.Completion;
        string[] expected = [.. Enumerable.Range(0, files).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        bool isRight = lines.Order(StringComparer.Ordinal).SequenceEqual(expected.Order(StringComparer.Ordinal));
        await Console.Error.WriteLineAsync($"{lines.Count} lines of {files} files; {eater.TimesAtTheLimit} times at the limit");
        return isRight && eater.TimesAtTheLimit > 0 ? 0 : 1;
    }

    private static void Lower()
    {
        if (GetLimit(OpenFiles, out Limits limits) != 0)
        {
            throw new InvalidOperationException("The limit of open files is not known.");
        }

        limits.Soft = (nuint)(Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() + MoreHandles);
        if (SetLimit(OpenFiles, limits) != 0)
        {
            throw new InvalidOperationException("The limit of open files cannot be lowered.");
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetLimit(int resource, out Limits limits);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetLimit(int resource, in Limits limits);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public nuint Soft;
        public nuint Hard;
    }

    /// <summary>
    /// An input that is cut behind the files': it takes all handles at one cut, and gives them back at the cut after
    /// the next.
    /// </summary>
    private sealed class HandleEater(StreamingContext context) : InputDStream<int>(context, "Eater")
    {
        private const int WarmUpBatches = 20;

        private readonly TaskCompletionSource _warm = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<SafeFileHandle> _eaten = [];
        private int _cuts;
        private volatile bool _eatsAll;

        public bool EatsAll { set => _eatsAll = value; }

        public int TimesAtTheLimit { get; private set; }

        public Task HasWarmedUp => _warm.Task;

        protected internal override InputBatch<int> Cut(BatchTime time)
        {
            if (++_cuts % 3 == 0)
            {
                Eat(_eatsAll ? int.MaxValue : 10);
            }
            else if (_cuts % 3 == 2)
            {
                _eaten.ForEach(handle => handle.Dispose());
                _eaten.Clear();
            }

            if (_cuts == WarmUpBatches)
            {
                _warm.SetResult();
            }

            return RecordInputBatch.Of([1]);
        }

        private void Eat(int most)
        {
            try
            {
                while (_eaten.Count < most)
                {
                    _eaten.Add(File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
                }
            }
            catch (IOException)
            {
                TimesAtTheLimit++;
            }
        }
    }
}
